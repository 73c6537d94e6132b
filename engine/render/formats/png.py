"""The picture, with its summary inside, and the workflow where the run has one."""

from __future__ import annotations

import io
import json

from ...model import Run
from ..chart.picture import draw
from ..options import Options
from ..plain import summary_json, to_json

SUFFIX = ".png"
MIME = "image/png"
SUMMARY_KEY = "holaf_profile"


def render(run: Run, options: Options) -> bytes:
    """PNG with the text chunks ``holaf_profile``, and ``prompt`` and ``workflow`` as ComfyUI writes them."""
    from PIL.PngImagePlugin import PngInfo

    picture = draw(
        run,
        theme=options.theme,
        title=options.title,
        sort_by=options.sort_by,
        top_n=options.top_n,
        groups=options.groups,
    )
    info = PngInfo()
    for key, value in (("prompt", run.prompt), ("workflow", run.workflow)):
        if value is not None:
            info.add_text(key, json.dumps(to_json(value)))
    info.add_text(SUMMARY_KEY, json.dumps(summary_json(run, options.groups)))
    data = io.BytesIO()
    picture.save(data, "PNG", pnginfo=info, compress_level=4)
    return data.getvalue()
