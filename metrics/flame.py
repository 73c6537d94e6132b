"""How quickly the flame view draws 50,000 calls, and how smoothly it zooms, in a real Chromium.

``python -m metrics.flame`` writes ``metrics/results/flame.md``. A software renderer draws here: a machine
with a GPU is faster.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.render.report import prepare
from engine.render.timeline import flame_data, flame_source, timeline_style
from tests.builders import wide_tree_run
from tests.comfyui.browser import obstacle

RESULT = Path(__file__).parent / "results" / "flame.md"
FRAMES = 50_000
_MEASURE = """
const data = JSON.parse(document.getElementById("data").textContent);
const place = document.getElementById("place");
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const began = performance.now();
const flame = createFlame(place, data.stacks, data);
const first_ms = performance.now() - began;
const draws = [];
for (let at = 0; at < 30; at++) {
  const before = performance.now();
  flame.draw();
  draws.push(performance.now() - before);
}
const gaps = [];
let last = null;
let left = 120;
function step(now) {
  if (last !== null) gaps.push(now - last);
  last = now;
  flame.zoomBy(left > 60 ? 0.93 : 1 / 0.93, 400 + 3 * left);
  if (--left) requestAnimationFrame(step);
  else window.result = {frames: flame.frames, first_ms, draw_ms: median(draws),
    gap_ms: median(gaps), late: gaps.filter((gap) => gap > 25).length, steps: gaps.length};
}
requestAnimationFrame(step);
"""
_DRIVE = """
import { createRequire } from "node:module";
import path from "node:path";
const require = createRequire(path.join(process.env.NODE_MODULES, "any.js"));
const { chromium } = require("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH,
  args: ["--headless", "--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
page.on("pageerror", (error) => console.error(String(error)));
await page.goto("file://" + process.argv[2]);
await page.waitForFunction("window.result", null, { timeout: 60000 });
console.log(JSON.stringify(await page.evaluate("window.result")));
await browser.close();
"""


def main() -> int:
    """Measure and write the result; 0 also where no browser can be had."""
    reason = obstacle()
    if reason is not None:
        print(f"skipped: {reason}")
        return 0
    found = measure()
    text = (
        "# The flame view in a browser\n\n"
        f"{found['frames']:,} calls in one tree, a window of 1,200 x 800, Chromium without a GPU.\n\n"
        "| what | measured |\n|---|---:|\n"
        f"| built and drawn the first time | {found['first_ms']:.0f} ms |\n"
        f"| drawn again (median of 30) | {found['draw_ms']:.1f} ms |\n"
        f"| time between two frames while zooming (median of {found['steps']}) | {found['gap_ms']:.1f} ms |\n"
        f"| frames later than 25 ms while zooming | {found['late']} of {found['steps']} |\n"
    )
    RESULT.write_text(text, encoding="utf-8")
    print(text)
    return 0


def measure() -> dict[str, float]:
    """``{"frames", "first_ms", "draw_ms", "gap_ms", "late", "steps"}`` of one page."""
    data = json.dumps(flame_data(prepare(wide_tree_run(FRAMES)))).replace("<", "\\u003c")
    with tempfile.TemporaryDirectory() as folder:
        page, script = Path(folder, "page.html"), Path(folder, "drive.mjs")
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><style>{timeline_style()}</style><body>'
            f'<div id="place"></div><script type="application/json" id="data">{data}</script>'
            f'<script type="module">{flame_source()}\n{_MEASURE}</script>',
            encoding="utf-8",
        )
        script.write_text(_DRIVE, encoding="utf-8")
        done = subprocess.run(
            ["node", str(script), str(page)], capture_output=True, text=True, check=False, env=os.environ
        )
    if done.returncode:
        raise SystemExit(f"The browser failed: {done.stderr.strip()[-500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
