"""Takes the README's pictures anew: ``take_screenshots.py [--language zh --folder OUT]``.

Runs the example workflow in a real ComfyUI and photographs its report and the panel, in a real Chromium.
Without a folder the pictures in ``docs/`` and the example's thumbnail are replaced.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.comfyui.browser import obstacle  # noqa: E402
from tests.comfyui.cache import cache_folder  # noqa: E402
from tests.comfyui.client import Client  # noqa: E402
from tests.comfyui.demo import WORKFLOW, saved_report  # noqa: E402
from tests.comfyui.graph_format import to_prompt  # noqa: E402
from tests.comfyui.provision import provision  # noqa: E402
from tests.comfyui.server import Server  # noqa: E402
from tests.comfyui.tiny_model import ensure_models  # noqa: E402

RUNS = 4
PATIENCE_S = 600.0
WIDTH, THUMBNAIL_WIDTH = 1200, 800


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", default="en", help="ComfyUI's locale (default: en)")
    parser.add_argument("--folder", type=Path, help="where to put them instead")
    arguments = parser.parse_args()
    if (reason := obstacle()) is not None:
        sys.exit(f"No pictures: {reason}.")
    host = provision()[0]
    base = cache_folder() / "screenshots"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir()
    workflow = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    target = arguments.folder or ROOT / "docs"
    target.mkdir(parents=True, exist_ok=True)
    with Server(host, base, models=ensure_models(host, cache_folder() / "models")) as server:
        client = Client(server.url)
        prompt = to_prompt(workflow, client.object_info)
        header = {"Accept-Language": arguments.language}
        for _ in range(RUNS):
            body = {"prompt": prompt, "extra_data": {"extra_pnginfo": {"workflow": workflow}}}
            answer = client.request("POST", "/prompt", body, header)[1]
            saved = saved_report(client.wait(answer["prompt_id"], PATIENCE_S).outputs)
        assert saved is not None, "the example saves its report"
        with Image.open(server.output / saved["subfolder"] / saved["filename"]) as picture:
            report = picture.convert("RGB")
        panel = target / "panel_dark.png"
        subprocess.run(
            ["node", str(Path(__file__).with_suffix(".mjs")), str(WORKFLOW), str(panel)],
            env={**os.environ, "COMFYUI_URL": server.url, "COMFYUI_LOCALE": arguments.language},
            check=True,
        )
    _scaled(report, WIDTH).quantize(256).save(target / "report_dark.png", optimize=True)
    with Image.open(panel) as picture:
        picture.convert("RGB").quantize(256).save(panel, optimize=True)
    if arguments.folder is None:
        _scaled(report, THUMBNAIL_WIDTH).save(WORKFLOW.with_suffix(".jpg"), quality=88)


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
