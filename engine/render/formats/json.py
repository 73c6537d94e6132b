"""Everything that is known about a run, as JSON, under the field names of the model."""

from __future__ import annotations

import json
from dataclasses import replace

from ...analysis.groups import total
from ...model import Run
from ..options import Options
from ..plain import SCHEMA, summary_json, to_json

SUFFIX = ".json"
MIME = "application/json"


def render(run: Run, options: Options) -> bytes:
    """``{"schema", "summary", "run", "group_totals"}`` as UTF-8."""
    document = {
        "schema": SCHEMA,
        "summary": summary_json(run, options.groups),
        "run": to_json(replace(run, groups=options.groups)),
        "group_totals": to_json(total(run, options.groups)),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8")
