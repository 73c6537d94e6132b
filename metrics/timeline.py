"""How fast the interactive timeline and the flame view are in a real Chromium: first draw, and zooming.

The timeline: a run of 1,000 nodes with 12,000 samples of each of four quantities, in the page that the html
export makes. The flame view: 50,000 calls in one tree. ``first draw`` is from the parsed script to the first
painted frame, the parsing of the data included; ``frame`` is the time from one frame to the next while each
zooms a little, half of them in and half out; ``work`` is what drawing takes of one.

``python -m metrics.timeline`` prints tables and writes ``metrics/results/timeline.md`` and ``flame.md``. A
software renderer draws here: a machine with a GPU is faster.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.model import Group, Run
from engine.render.report import prepare
from engine.render.timeline import flame_data, flame_source, module_source, timeline_data, timeline_style
from tests import builders
from tests.comfyui.browser import obstacle

from .result import MACHINE, write

NODES, SAMPLES, FRAMES = 1_000, 12_000, 50_000
LIMIT_MS = {"timeline": 150.0, "flame": 100.0}
"""Of the first draw."""
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
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(`file://${process.argv[2]}`);
  await page.waitForFunction("window.firstDraw_ms", null, { timeout: 60000 });
  draws.push(await page.evaluate("window.firstDraw_ms"));
  if (turn === 4) zoom = await page.evaluate("window.zoom()");
  await page.close();
}
console.log(JSON.stringify({ draws, ...zoom }));
await browser.close();
"""
_MEASURE = """
%s
const began = performance.now();
const place = document.getElementById("place");
const data = JSON.parse(document.getElementById("data").textContent);
%s
requestAnimationFrame(() => requestAnimationFrame(() => (window.firstDraw_ms = performance.now() - began)));
window.zoom = async () => {
  const frames = [];
  const work = [];
  const next = () => new Promise(requestAnimationFrame);
  let last = await next();
  for (let index = 0; index < 240; index += 1) {
    zoomOnce(index %% 120 < 60);
    const now = await next();
    frames.push(now - last);
    last = now;
    const start = performance.now();
    await drawn();
    work.push(performance.now() - start);
  }
  return { frames, work };
};
"""
_PAGE_SHOWN = """
document.body.prepend(h("p", {}, "Inside the nodes ", seconds(1.5)), h("select", {}), h("input", {}));
await new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
"""
"""Before the clock starts: a flame is never the first thing on a page, and what a browser loads for its first
text, number and control is not the flame's."""
_TIMELINE = """
createTimeline(place, data);
const canvas = document.querySelector("canvas");
const { left, top } = canvas.getBoundingClientRect();
const zoomOnce = (isIn) => {
  const at = { ctrlKey: true, cancelable: true, clientX: left + 700, clientY: top + 60 };
  canvas.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: isIn ? -40 : 40 }));
};
const drawn = () => new Promise((resolve) => setTimeout(resolve, 0));
"""
_FLAME = """
const flame = createFlame(place, data.stacks, data);
let at = 400;
const zoomOnce = (isIn) => flame.zoomBy(isIn ? 0.93 : 1 / 0.93, (at += 3));
const drawn = async () => flame.draw();
"""


def build_run() -> Run:
    """A run with a group; every tenth node is of one subgraph."""
    run = builders.chain_run(NODES, 600.0, samples=4 * SAMPLES)
    steps = (
        replace(step, node_id=f"7:{step.node_id}") if number % 10 == 0 else step
        for number, step in enumerate(run.steps)
    )
    group = Group(name="Every tenth", color="#E69F00", members=("7",))
    return replace(run, steps=tuple(steps), groups=(group,))


def measure(data: Any, source: str, warm_up: str, script: str) -> dict[str, list[float]]:
    """``{"draws", "frames", "work"}`` of a page with ``source``'s view of ``data``, sorted, in ms."""
    text = json.dumps(data).replace("<", "\\u003c")
    with tempfile.TemporaryDirectory() as folder:
        page, drive = Path(folder, "page.html"), Path(folder, "drive.mjs")
        page.write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>benchmark</title>'
            f"<style>{timeline_style()}</style><body><div id='place'></div>"
            f'<script type="application/json" id="data">{text}</script>'
            f'<script type="module">{source}\n{_MEASURE % (warm_up, script)}</script></body></html>',
            encoding="utf-8",
        )
        drive.write_text(_BROWSER, encoding="utf-8")
        done = subprocess.run(
            ["node", str(drive), str(page)], capture_output=True, text=True, check=False, env=os.environ
        )
    if done.returncode:
        raise SystemExit(f"The browser failed: {done.stderr.strip()[-500:]}")
    return {name: sorted(values) for name, values in json.loads(done.stdout).items()}


def table(what: str, found: dict[str, list[float]], limit_ms: float) -> str:
    """The result as Markdown."""
    draws, frames = found["draws"], found["frames"]
    return (
        f"{what}; {len(draws)} first draws, {len(frames)} frames of zooming.\n\n"
        f"{MACHINE}, headless Chromium without a GPU.\n\n"
        "| first draw | limit | frame, median | frame, 95 % | limit | work a frame |\n"
        "|---:|---:|---:|---:|---:|---:|\n"
        f"| {statistics.median(draws):.0f} ms ({draws[0]:.0f} to {draws[-1]:.0f}) | {limit_ms:.0f} ms "
        f"| {statistics.median(frames):.1f} ms | {frames[int(len(frames) * 0.95)]:.1f} ms "
        f"| {LIMIT_FRAME_MS:.1f} ms | {statistics.median(found['work']):.1f} ms |\n"
    )


def main() -> int:
    """Measure, print, write the results; 1 where a limit is missed, 0 also where no browser can be had."""
    reason = obstacle()
    if reason is not None:
        print(f"skipped: {reason}")
        return 0
    what = f"{NODES:,} nodes, {SAMPLES:,} samples of each of four quantities"
    timeline = measure(timeline_data(prepare(build_run())), module_source(), "", _TIMELINE)
    flame = measure(flame_data(prepare(builders.wide_tree_run(FRAMES))), flame_source(), _PAGE_SHOWN, _FLAME)
    is_kept = True
    for name, title, made_of, found in (
        ("timeline", "The interactive timeline", what, timeline),
        ("flame", "The flame view", f"{FRAMES:,} calls in one tree", flame),
    ):
        write(name, f"# {title} in Chromium\n\n{table(made_of, found, LIMIT_MS[name])}")
        draw_ms, frame_ms = statistics.median(found["draws"]), statistics.median(found["frames"])
        is_kept = is_kept and draw_ms <= LIMIT_MS[name] and frame_ms <= LIMIT_FRAME_MS * 1.05
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
