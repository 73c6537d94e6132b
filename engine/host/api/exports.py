"""A run as a file: the picture, the table, and the formats that programs read."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from ...store import traces
from ...workflow.redaction import without_secrets
from .call import Answer, Call, File, RefusedError


def get_history(call: Call) -> File:
    """A run as one file, which ``runs/import`` takes on another machine.

    Secrets are left out of its workflow, unless that is asked for whole.
    """
    return _as_file(call, [call.path["run_id"]])


def get_histories(call: Call) -> File:
    """Several runs as one file, which ``runs/import`` takes on another machine."""
    return _as_file(call, list(dict.fromkeys(call.query["ids"])))


def _as_file(call: Call, run_ids: list[int]) -> File:
    whole = call.query["workflow"] == "whole"
    change = (lambda prompt, workflow: (prompt, workflow)) if whole else without_secrets
    content = call.history.bundle(run_ids, change, user_id=call.user_id)
    name = f"run_{run_ids[0]}" if len(run_ids) == 1 else f"{len(run_ids)}_runs"
    return File(content=content, content_type="application/vnd.sqlite3", name=f"{name}.profile.db")


def kernel_trace(call: Call) -> File:
    """The trace of the operators inside one node, for ui.perfetto.dev: Chrome trace JSON, gzipped."""
    run_id, node_id = call.path["run_id"], call.path["node_id"]
    found = call.history.inside_of(run_id, call.user_id)["kernels"]
    # A name from an imported run may be anything: only its last part counts.
    names = [node["trace_file"] for node in found if node["node_id"] == node_id]
    name = Path(names[0]).name if names and names[0] else ""
    file = traces.folder(call.history.database) / name
    if not name or not file.is_file():
        raise RefusedError(404, "not_found", f"There is no trace of node {node_id} of run {run_id}.")
    return File(content=file.read_bytes(), content_type="application/gzip", name=name)


def export_run(call: Call) -> File:
    """The report of a run in one format."""
    # Drawing libraries are imported when somebody first wants a picture.
    from ...render import formats
    from ...render.options import Options
    from ...render.report import prepare
    from ..report import theme
    from ..report.against import against

    run_id, wanted = call.path["run_id"], call.path["format"]
    run = call.history.load_run(run_id, user_id=call.user_id)
    try:
        options = theme.settle(Options(**call.query), call.user_id)
        report = prepare(run, options, against=against(call.history, run, is_kept=True).text)
        made = formats.export(report, wanted)
    except formats.UnknownFormatError as error:
        raise RefusedError(404, "unknown_format", f"{error}.") from None
    stem = re.sub(r"[^\w .-]+", "_", run.name).strip(" .")[:80] or f"run_{run_id}"
    return File(content=made.data, content_type=made.mime, name=f"{stem}_profile{made.filename_suffix}")


def get_timeline(call: Call) -> Answer:
    """What the interactive timeline draws, the run in two sentences, and how it compares."""
    from ...render.report import prepare
    from ...render.timeline import timeline_data
    from ..report.against import against

    run = call.history.load_run(call.path["run_id"], user_id=call.user_id)
    report = prepare(run)
    return {
        "headline": report.summary.headline,
        "detail": report.summary.detail,
        "against": asdict(against(call.history, run, is_kept=True)),
        "timeline": timeline_data(report),
    }
