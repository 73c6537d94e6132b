"""Everything that is known about a run, as JSON, under the field names of the model."""

from __future__ import annotations

import json

from ...workflow.redaction import hide, without_secrets
from ..plain import SCHEMA, summary_json, to_json
from ..report import Report

SUFFIX = ".json"
MIME = "application/json"


def render(report: Report) -> bytes:
    """``{"schema", "summary", "run", "group_totals"}`` as UTF-8. Without secrets, the workflow's included."""
    run = to_json(report.run)
    prompt, workflow = without_secrets(run.pop("prompt"), run.pop("workflow"))
    document = {
        "schema": SCHEMA,
        "summary": summary_json(report),
        "run": {**hide(run), "prompt": prompt, "workflow": workflow},
        "group_totals": to_json(report.totals),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8")
