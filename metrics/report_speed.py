"""How long a report takes and how much memory it needs at most: picture, PNG and table.

Each case has a process of its own, so that the first report's cost (loading matplotlib
and its fonts) and the later ones' are told apart and the peak of memory is the report's.

``python -m metrics.report_speed [REPEATS]`` prints a table and writes ``metrics/results/report_speed.md``.
"""

from __future__ import annotations

import gc
import io
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from engine.model import Run
from tests import builders

from .result import MACHINE, write

ROOT = Path(__file__).parent.parent
CASES = {"100 nodes, 12,000 samples": (100, 12_000, 1.0), "1,000 nodes, 12,000 samples": (1000, 12_000, 2.5)}
"""Nodes, samples, and the limit in seconds."""
MEMORY_LIMIT_MB = 150
FIRST_LIMIT_S = 1.0
"""Of the first report after loading beside a run."""


def make_report(run: Run) -> None:
    """What the Profiler Report does for one run, without the host's part."""
    from engine.render import table
    from engine.render.chart.picture import picture_of
    from engine.render.report import prepare

    report = prepare(run)
    picture_of(report).save(io.BytesIO(), "PNG", compress_level=4)
    table.render(report)


def measure_here(nodes: int, samples: int, repeats: int) -> dict[str, Any]:
    """Seconds of the first report and of ``repeats`` later ones, and the extra peak memory in bytes."""
    run = builders.chain_run(nodes, 600.0, samples=samples)
    gc.collect()
    before = psutil.Process().memory_info().rss
    times = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        make_report(run)
        times.append(time.perf_counter() - begin)
    return {"first_s": times[0], "later_s": times[1:], "extra_bytes": _peak_bytes() - before}


def measure_beside() -> dict[str, float]:
    """The first report after loading beside a run: a node of pure Python, then one that waits.

    ``slowed_s``: how much longer the first node's fixed work took than the same work alone.
    """
    from engine.host.report import warm_up

    run = builders.chain_run(100, 600.0, samples=12_000)
    alone_s = _python_node()
    over = threading.Event()
    warm_up.begin(over.wait)
    beside_s = _python_node()
    over.wait(6.0)
    begin = time.perf_counter()
    make_report(run)
    return {"first_s": time.perf_counter() - begin, "alone_s": alone_s, "slowed_s": beside_s - alone_s}


def _python_node() -> float:
    """Seconds of some four seconds of pure Python, which never lets go of the lock by itself."""
    begin = time.perf_counter()
    for _ in range(400):
        sum(number * number for number in range(100_000))
    return time.perf_counter() - begin


def _peak_bytes() -> int:
    """The highest resident size that the process ever had."""
    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):  # Windows
        return int(info.peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _in_fresh_process(*arguments: str | int) -> dict[str, Any]:
    command = [sys.executable, "-m", "metrics.report_speed", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure every case in a fresh process; exits with 1 where a limit is missed."""
    if sys.argv[1:2] == ["--beside"]:
        print(json.dumps(measure_beside()))
        return
    if sys.argv[1:2] == ["--case"]:
        nodes, samples, repeats = (int(text) for text in sys.argv[2:5])
        print(json.dumps(measure_here(nodes, samples, repeats)))
        return
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    lines = ["| report of | first | later, median | slowest | limit | extra memory at most | limit |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    met = True
    for name, (nodes, samples, limit_s) in CASES.items():
        found = _in_fresh_process("--case", nodes, samples, repeats)
        later, slowest = statistics.median(found["later_s"]), max(found["later_s"])
        extra_mb = found["extra_bytes"] / 1024**2
        met = met and later <= limit_s and extra_mb <= MEMORY_LIMIT_MB
        lines.append(
            f"| {name} | {found['first_s']:.2f} s | {later:.2f} s | {slowest:.2f} s | {limit_s} s"
            f" | {extra_mb:.0f} MB | {MEMORY_LIMIT_MB} MB |"
        )
    beside = _in_fresh_process("--beside")
    met = met and beside["first_s"] <= FIRST_LIMIT_S
    lines += [
        "",
        "Where a node of the first run with a Report computes in PyTorch or waits for some seconds, the",
        f"libraries are loaded beside it: the first report (100 nodes) then takes {beside['first_s']:.2f} s",
        f"(limit {FIRST_LIMIT_S} s). A node of pure Python before it, {beside['alone_s']:.1f} s of work, took"
        f" {beside['slowed_s']:+.2f} s longer.",
    ]
    text = "\n".join(lines)
    write(
        "report_speed",
        "# How fast a report is\n\n"
        "Summary, picture (1600 pixels wide), PNG and table of a made-up run. The first report in a process\n"
        f"also loads matplotlib and its fonts; {repeats} later ones follow. Memory is the process's peak\n"
        "over what it held before the first report, matplotlib included.\n\n"
        f"{MACHINE}, {psutil.cpu_count()} cores.\n\n{text}\n",
    )
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
