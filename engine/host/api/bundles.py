"""A run packed for a bug report, and such a pack read in again on another machine."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...model import Run
from ...store.import_history import run_as_file
from ...workflow.sharing import shareable
from .call import Answer, Call, File, RefusedError
from .comparison import compare_runs
from .history import import_history

UNPACKED_MAX = 500_000_000
"""A history in a bundle may have so many bytes."""
_HISTORY = "history.db"
_FILES = {
    "html": "report.html",
    "json": "run.json",
    "txt": "report.txt",
    "issue": "issue.md",
    "speedscope": "stacks.speedscope.json",
    "trace": "trace.json",
}


def get_bundle(call: Call) -> File:
    """A zip for a bug report: web page, numbers, stacks, environment, differences to the baseline.

    Secrets and the home folder are left out, prompts' texts as well unless ``texts`` asks for them.
    """
    from ...render import formats
    from ...render.report import prepare

    run_id = call.path["run_id"]
    run = call.history.load_run(run_id, user_id=call.user_id)
    shared = shareable(run, (str(Path.home()),), texts=call.query["texts"])
    report = prepare(shared)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        for fmt, name in _FILES.items():
            bundle.writestr(name, formats.export(report, fmt).data)
        environment = "".join(f"{key}: {value}\n" for key, value in sorted(shared.environment.items()))
        bundle.writestr("environment.txt", environment)
        if (compared := _compared(call, run)) is not None:
            text = json.dumps(compared, ensure_ascii=False, indent=1, default=str)
            bundle.writestr("comparison.json", text)
        bundle.writestr(_HISTORY, run_as_file(shared))
    return File(content=content.getvalue(), content_type="application/zip", name=f"profile_{run_id}.zip")


def import_runs(call: Call) -> Answer:
    """Take the runs of a bundle or of a history file into this history; runs that are here are skipped."""
    if call.upload is None or not zipfile.is_zipfile(call.upload):
        return import_history(call)
    try:
        with zipfile.ZipFile(call.upload) as bundle:
            entry = bundle.getinfo(_HISTORY)
            if entry.file_size > UNPACKED_MAX:
                raise RefusedError(413, "too_large", "The history in this bundle is too large.")
            with tempfile.TemporaryDirectory(prefix="holaf-profiler-") as folder:
                return import_history(replace(call, upload=Path(bundle.extract(entry, folder))))
    except (zipfile.BadZipFile, KeyError, EOFError):
        raise RefusedError(
            422, "not_a_bundle", "This file is no bundle of Workflow Profiler: it holds no recorded run."
        ) from None


def _compared(call: Call, run: Run) -> dict[str, Any] | None:
    """The differences to the pinned run of the workflow, else to the run before; ``None`` without one."""
    workflow = run.workflow_id or run.workflow_hash
    if not workflow or run.id is None:
        return None
    rows = call.history.newest_runs(call.user_id, workflow=workflow, limit=50)
    others = [row for row in rows if row["id"] != run.id and row["status"] == "success"]
    pinned = [row for row in others if row["pinned"]]
    earlier = [row for row in others if row["id"] < run.id]
    for row in (*pinned, *earlier)[:1]:
        asked = Call(
            user_id=call.user_id,
            host=call.host,
            query={"baseline": [row["id"]], "candidate": [run.id]},
        )
        found = compare_runs(asked)
        found.pop("runs", None)  # whole rows, with everything that the user wrote into them
        return found
    return None
