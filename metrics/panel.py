"""How fast the panel's list is over a long history, in a real Chromium on a real ComfyUI.

The history is that of ``metrics.history_speed``: 10,000 runs of 100 steps in 30 workflows. Each figure
is from the press to the painted rows, in the page's own clock, the request to ComfyUI included; the
median of several.

``python -m metrics.panel [TURNS]`` prints a table and writes ``metrics/results/panel.md``.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.comfyui.browser import obstacle
from tests.comfyui.provision import provision
from tests.comfyui.server import Server

from . import history_speed
from .result import MACHINE, write

LIMIT_MS = 100.0
HISTORY = "ComfyUI-Holaf-Utilities/profiler/holaf_profiler.db"
PAGE = Path(__file__).parents[1] / "tests" / "browser" / "page.mjs"

_BROWSER = """
const { build, launch, napping, openPage, openPanel, tab, widenSidebar } = await import(process.argv[2]);
const turns = Number(process.argv[3]);
const browser = await launch();
const page = await openPage(browser);
await openPanel(page);
await widenSidebar(page, 700);
await build(page, napping());
await page.locator(".hp-pager").getByText(/of 10,000 runs/).waitFor();
const filters = page.getByRole("button", { name: "More filters" });
if ((await filters.getAttribute("aria-expanded")) === "false") await filters.click();

/** From `act(element)` to the painted rows; `act` is the text of a function. */
const timed = (selector, act) =>
  page.evaluate(
    async ([selector, act]) => {
      const rows = () => document.querySelector(".hp-runs-table tbody");
      const before = rows();
      const drawn = new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          if (!rows()?.children.length || rows() === before) return;
          observer.disconnect();
          requestAnimationFrame(() => setTimeout(resolve, 0));
        });
        observer.observe(document.querySelector(".hp-view"), { childList: true, subtree: true });
      });
      const element = document.querySelector(selector);
      const began = performance.now();
      new Function("element", act)(element);
      await drawn;
      return performance.now() - began;
    },
    [selector, act],
  );
const press = "element.click()";
const choose = (index) =>
  `element.selectedIndex = ${index}; element.dispatchEvent(new Event("change"))`;
const found = {};
const take = async (name, act) => (found[name] ??= []).push(await act());
const ofTable = (name) => `.hp-runs-table .hp-col-${name} .hp-sort`;
for (let turn = 0; turn <= turns; turn += 1) {
  await tab(page, "Groups");
  await page.locator(".hp-groups").waitFor();
  await take("first page", () => timed(".hp-tab:first-child", press));
  await take("next page", () => timed('.hp-pager [aria-label="Next page"]', press));
  await take("by time", () => timed(ofTable("total_time"), press));
  await take("by name", () => timed(ofTable("name"), press));
  await take("newest first", () => timed(ofTable("timestamp"), press));
  await take("one workflow", () => timed('select[aria-label="Workflow"]', choose(5)));
  await timed('select[aria-label="Workflow"]', choose(0));
  await take("one status", () => timed('select[aria-label="Status"]', choose(1)));
  await timed('select[aria-label="Status"]', choose(0));
}
for (const times of Object.values(found)) times.shift();
console.log(JSON.stringify(found));
await browser.close();
"""


def measure(turns: int) -> dict[str, list[float]]:
    """Milliseconds by what was pressed."""
    file = history_speed.made()
    with tempfile.TemporaryDirectory(prefix="holaf-profiler-") as folder:
        base = Path(folder)
        server = Server(provision()[0], base)
        history = server.user / HISTORY
        history.parent.mkdir(parents=True)
        shutil.copyfile(file, history)
        script = base / "measure.mjs"
        script.write_text(_BROWSER)
        with server:
            done = subprocess.run(
                ["node", str(script), PAGE.as_uri(), str(turns)],
                env={**os.environ, "COMFYUI_URL": server.url},
                capture_output=True,
                text=True,
                check=False,
            )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[str, list[float]], turns: int) -> str:
    """The result as Markdown."""
    lines = [
        "# The panel's list over 10,000 runs in Chromium",
        "",
        f"From the press to the painted rows, a page of 50; medians of {turns}, on {MACHINE}.",
        "",
        f"| pressed | median | slowest | at most {LIMIT_MS:.0f} ms |",
        "|---|---:|---:|---|",
    ]
    for name, times in found.items():
        median = statistics.median(times)
        kept = "yes" if median <= LIMIT_MS else "no"
        lines.append(f"| {name} | {median:.0f} ms | {max(times):.0f} ms | {kept} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print, write; 1 where a limit is missed, 0 also where no browser can be had."""
    reason = obstacle()
    if reason is not None:
        print(f"skipped: {reason}")
        return 0
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    found = measure(turns)
    write("panel", table(found, turns))
    return 0 if all(statistics.median(times) <= LIMIT_MS for times in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
