"""What the pack adds to ComfyUI's start-up: the time to load it, measured in fresh processes.

Each process brings ComfyUI up to the point where it loads custom nodes, then loads the pack with ComfyUI's
own loader, and says how long that took and what was imported. The median of several processes counts, since
a module is imported only once in each.

``python -m metrics.startup [PROCESSES]`` prints a table and writes ``metrics/results/startup.md``.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from typing import Any

from .result import MACHINE, write

LIMIT_S = 0.100
LATE = ("matplotlib", "tabulate", "alembic")


def one_process() -> dict[str, Any]:
    """Load the pack in this process: seconds, modules added, and which late libraries it pulled in."""
    from .in_process import InProcessComfyUI

    comfyui = InProcessComfyUI()
    try:
        before = set(sys.modules)
        began = time.perf_counter()
        comfyui.load_pack()
        taken = time.perf_counter() - began
        added = set(sys.modules) - before
    finally:
        shutil.rmtree(comfyui.base, ignore_errors=True)
    return {
        "seconds": taken,
        "modules": len(added),
        "late": sorted(name for name in LATE if name in added),
    }


def measure(processes: int) -> list[dict[str, Any]]:
    """The answers of so many fresh processes; the first one, which fills the file cache, is left out."""
    answers = []
    for _ in range(processes + 1):
        done = subprocess.run(
            [sys.executable, "-m", "metrics.startup", "--one"], capture_output=True, text=True, check=True
        )
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    return answers[1:]


def table(answers: list[dict[str, Any]]) -> str:
    """The result as Markdown."""
    seconds = [answer["seconds"] for answer in answers]
    late = sorted({name for answer in answers for name in answer["late"]})
    return "\n".join(
        [
            "# What the pack adds to ComfyUI's start-up",
            "",
            f"Loaded by ComfyUI's own loader in {len(answers)} fresh processes, byte code compiled.",
            "",
            f"{MACHINE}, CPU only.",
            "",
            "| median | fastest | slowest | limit | modules | late libraries imported |",
            "|---:|---:|---:|---:|---:|---|",
            f"| {statistics.median(seconds) * 1e3:.0f} ms | {min(seconds) * 1e3:.0f} ms | "
            f"{max(seconds) * 1e3:.0f} ms | {LIMIT_S * 1e3:.0f} ms | {answers[0]['modules']} | "
            f"{', '.join(late) or 'none'} |",
            "",
        ]
    )


def main() -> int:
    """Measure, print, write."""
    if sys.argv[1:] == ["--one"]:
        print(json.dumps(one_process()))
        return 0
    write("startup", table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 7)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
