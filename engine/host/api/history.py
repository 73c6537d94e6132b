"""The history as a whole: taking over another one, removing what is old or too much, starting anew."""

from __future__ import annotations

from pathlib import Path

from ...language import msg, t
from ...store import upkeep
from ...store.errors import NotAHistory
from .call import Answer, Call, RefusedError

_LIVE = msg(
    "If ComfyUI was running when this file was copied, its newest runs may be missing: they are in the file "
    "beside it whose name ends in -wal. Stop that ComfyUI, copy again and import again; no run is imported "
    "twice."
)


def import_history(call: Call) -> Answer:
    """Copy runs, steps and groups from a database file into this history."""
    if call.upload is not None:
        file = call.upload
    elif call.body and "path" in call.body:
        file = call.host.readable_file(call.body["path"], call.user_id)
    else:
        raise RefusedError(400, "invalid_request", "body.path is missing: name a file, or send one.")
    try:
        counts = call.history.import_base_database(str(file), call.user_id)
    except NotAHistory as error:
        # The text names the file where it lies on this machine, which is nobody's business.
        raise RefusedError(
            422,
            "not_a_history",
            str(error).replace(str(file), call.body["path"] if call.body else "The file"),
        ) from None
    call.changed("history")
    return {**counts, "notes": [t(_LIVE)] if call.upload is not None and _is_write_ahead(file) else []}


def _is_write_ahead(file: Path) -> bool:
    """Whether the database keeps what is new in a second file, which an upload cannot bring along."""
    with file.open("rb") as stream:
        return stream.read(20)[18:20] == b"\x02\x02"


def take_in_comfyui(call: Call) -> Answer:
    """Note the prompts that ComfyUI itself still remembers, once each; profiled ones are here already."""
    count, known = call.host.take_in(call.user_id)
    if count:
        call.changed("history")
    return {"runs": count, "skipped_runs": known}


def tidy_history(call: Call) -> Answer:
    """Remove runs beyond what is to be kept, for good; with ``preview`` only count them.

    Runs that are pinned or commented, or whose steps are, always stay.
    """
    given = dict(call.body)
    preview, wants_space = given.pop("preview"), given.pop("vacuum")
    database = call.history.database
    going = upkeep.beyond(database, upkeep.Limits(**given), call.user_id)
    if preview:
        return {"runs": len(going), "bytes_before": None, "bytes_after": None}
    upkeep.remove(database, going)
    sizes = upkeep.vacuum(database) if wants_space else None
    call.changed("history")
    return {"runs": len(going), **_sizes(sizes)}


def reset_history(call: Call) -> Answer:
    """Remove all runs, groups and references of the user, pinned ones too, once that has been typed."""
    count = upkeep.empty(call.history.database, call.user_id)
    sizes = upkeep.vacuum(call.history.database)
    call.changed("history")
    return {"runs": count, **_sizes(sizes)}


def _sizes(sizes: tuple[int, int] | None) -> Answer:
    before, after = sizes or (None, None)
    return {"bytes_before": before, "bytes_after": after}
