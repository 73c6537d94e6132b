"""How fast the interactive timeline is in a real Chromium: its first draw, and its frames while zooming.

A run of 1,000 nodes with 12,000 samples of each of six quantities, in the page that the html export makes.
``first draw`` is from the parsed script to the first painted frame, the parsing of the data included;
``frame`` is the time from one frame to the next while a wheel event zooms in each, half of them in and half
out; ``work`` is what one frame's drawing takes of it.

``python -m metrics.timeline`` prints a table and writes ``metrics/results/timeline.md``.
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.model import Device, Group, Run, Segment, Series, Step
from engine.render.report import prepare
from engine.render.timeline import module_source, timeline_data, timeline_style
from tests.comfyui.browser import obstacle

RESULT = Path(__file__).parent / "results" / "timeline.md"
NODES = 1_000
SAMPLES = 12_000
DURATION_S = 600.0
LIMIT_MS = 150.0
LIMIT_FRAME_MS = 1000 / 60

_BROWSER = """
import { createRequire } from "node:module";
import path from "node:path";
const require = createRequire(path.join(process.env.NODE_MODULES, "any.js"));
const { chromium } = require("playwright-core");
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: flags });
const draws = [];
let zoom = null;
for (let turn = 0; turn < 5; turn += 1) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(`file://${process.argv[2]}`);
  await page.waitForFunction(() => window.firstDraw_ms !== undefined);
  draws.push(await page.evaluate(() => window.firstDraw_ms));
  if (turn === 4) zoom = await page.evaluate(() => window.zoom());
  await page.close();
}
console.log(JSON.stringify({ draws, ...zoom }));
await browser.close();
"""
_MEASURE = """
const began = performance.now();
const place = document.getElementById("timeline");
createTimeline(place, JSON.parse(document.getElementById("data").textContent));
requestAnimationFrame(() => requestAnimationFrame(() => (window.firstDraw_ms = performance.now() - began)));
window.zoom = async () => {
  const canvas = document.querySelector("canvas");
  const { left, top } = canvas.getBoundingClientRect();
  const frames = [];
  const work = [];
  const next = () => new Promise(requestAnimationFrame);
  let last = await next();
  for (let index = 0; index < 240; index += 1) {
    const deltaY = index % 120 < 60 ? -40 : 40;
    const at = { ctrlKey: true, deltaY, clientX: left + 700, clientY: top + 60, cancelable: true };
    canvas.dispatchEvent(new WheelEvent("wheel", at));
    const now = await next();
    frames.push(now - last);
    last = now;
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 0));
    work.push(performance.now() - start);
  }
  return { frames, work };
};
"""


def build_run() -> Run:
    """A run whose nodes overlap now and then, with groups, a subgraph, and curves that move."""
    chance = random.Random(7)
    steps = []
    at_s = 0.0
    for number in range(NODES):
        length = chance.expovariate(1.0) * DURATION_S / NODES
        node_id = f"7:{number}" if number % 10 == 0 else str(number + 10)
        start, end = at_s, min(DURATION_S, at_s + length * (3.0 if number % 50 == 0 else 1.0))
        steps.append(
            Step(
                node_id=node_id,
                node_type=f"Type{number % 12}",
                node_title=f"Node number {number}",
                position=number,
                exec_time=end - start,
                start_s=start,
                end_s=end,
                segments=(Segment("run", start, end),),
            )
        )
        at_s = min(DURATION_S, at_s + length)
    times = [index * DURATION_S / SAMPLES for index in range(SAMPLES)]

    def series(metric: str, unit: str, size: float, device: str | None = None) -> Series:
        values = [size * (0.6 + 0.3 * math.sin(t_s / 7) + 0.1 * chance.random()) for t_s in times]
        return Series(metric=metric, unit=unit, t_s=times, value=values, device=device)

    return Run(
        timestamp="2026-01-01T00:00:00Z",
        status="success",
        total_time=DURATION_S,
        steps=tuple(steps),
        groups=(Group(name="Every tenth", color="#E69F00", members=("7",)),),
        devices=(Device(key="cuda:0", name="GPU", memory_total_bytes=24 * 1024**3),),
        series=(
            series("vram_bytes", "B", 16e9, "cuda:0"),
            series("device_vram_bytes", "B", 20e9, "cuda:0"),
            series("ram_bytes", "B", 32e9),
            series("gpu_load_percent", "%", 95, "cuda:0"),
            series("cpu_percent", "%", 300),
            series("machine_cpu_percent", "%", 60),
        ),
    )


def page() -> str:
    """The timeline alone on a page, with its own measuring script."""
    data = json.dumps(timeline_data(prepare(build_run()))).replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>timeline</title>'
        f"<style>{timeline_style()}</style><body><div id='timeline'></div>"
        f'<script type="application/json" id="data">{data}</script>'
        f'<script type="module">{module_source()}\n{_MEASURE}</script></body></html>'
    )


def main() -> int:
    """Measure, print, write the result. 1 where a limit is missed."""
    reason = obstacle()
    if reason is not None:
        print(f"skipped: {reason}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder) / "page.html", Path(folder) / "measure.mjs"
        file.write_text(page(), encoding="utf-8")
        script.write_text(_BROWSER, encoding="utf-8")
        done = subprocess.run(
            ["node", str(script), str(file)], capture_output=True, text=True, env=os.environ, check=True
        )
    found = json.loads(done.stdout)
    draws, frames, work = sorted(found["draws"]), sorted(found["frames"]), sorted(found["work"])

    def at(values: list[float], share: float) -> float:
        return values[min(len(values) - 1, int(len(values) * share))]

    row = (
        f"| {at(draws, 0.5):.0f} ms ({draws[0]:.0f} to {draws[-1]:.0f}) | {LIMIT_MS:.0f} ms "
        f"| {at(frames, 0.5):.1f} ms | {at(frames, 0.95):.1f} ms | {LIMIT_FRAME_MS:.1f} ms "
        f"| {at(work, 0.5):.1f} ms |"
    )
    text = (
        "# The interactive timeline in Chromium\n\n"
        f"{NODES:,} nodes, {SAMPLES:,} samples of six quantities; {len(draws)} first draws, "
        f"{len(frames)} frames of zooming.\n\n"
        f"{platform.system()} {platform.machine()}, headless Chromium without a GPU.\n\n"
        "| first draw | limit | frame, median | frame, 95 % | limit | work a frame |\n"
        "|---:|---:|---:|---:|---:|---:|\n"
        f"{row}\n"
    )
    RESULT.write_text(text, encoding="utf-8")
    print(text)
    return 0 if at(draws, 0.5) <= LIMIT_MS and at(frames, 0.5) <= LIMIT_FRAME_MS * 1.05 else 1


if __name__ == "__main__":
    sys.exit(main())
