"""The picture, with its summary inside, and the workflow where the run has one."""

from __future__ import annotations

import io
import json

from ..plain import SUMMARY_KEY, summary_json, to_json
from ..report import Report

SUFFIX = ".png"
MIME = "image/png"


def render(report: Report) -> bytes:
    """PNG with the text chunks ``holaf_profile``, and ``prompt`` and ``workflow`` as ComfyUI writes them."""
    from PIL.PngImagePlugin import PngInfo

    from ..chart.picture import picture_of

    info = PngInfo()
    for key, value in (("prompt", report.run.prompt), ("workflow", report.run.workflow)):
        if value is not None:
            info.add_text(key, json.dumps(to_json(value)))
    info.add_text(SUMMARY_KEY, json.dumps(summary_json(report)))
    data = io.BytesIO()
    picture_of(report).save(data, "PNG", pnginfo=info, compress_level=4)
    return data.getvalue()
