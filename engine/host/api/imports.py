"""Taking over the history of another profiler database."""

from __future__ import annotations

from ...store.errors import NotAHistory
from .call import Answer, Call, RefusedError


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
    return dict(counts)
