"""What profiling adds to a prompt of three nodes: where everything that is done once a run shows.

The executor of a ComfyUI in this process runs the prompt with and without a Profiler Start in turn.
What counts is the prompt's way, from the executor's call to its return; no Report is in it, and what is
written after the prompt is waited for before the next.

``python -m metrics.small_prompt [ROUNDS]`` prints a table and writes ``metrics/results/small_prompt.md``.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene

from .in_process import InProcessComfyUI
from .result import MACHINE, write

LIMIT_S = 0.010
WARM_UP = 5


def scene(label: str, *, profiled: bool) -> Scene:
    """Three nodes, none of them cached."""
    made = Scene()
    made.show(made.add("Pass", value=made.add("Pass", value=label)))
    if profiled:
        made.start()
    return made


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each prompt, ``plain`` and ``profiled``."""
    comfyui = InProcessComfyUI()
    seconds: dict[str, list[float]] = {"plain": [], "profiled": []}
    try:
        comfyui.load_pack()
        comfyui.serve()
        executor = comfyui.executor()
        for number in range(-WARM_UP, rounds):
            for variant, taken in seconds.items():
                label = f"{variant} {number}"
                prompt = scene(label, profiled=variant == "profiled").prompt
                outputs = comfyui.outputs(prompt)
                comfyui.settle()
                began = time.perf_counter()
                executor.execute(prompt, label, {}, outputs)
                ended = time.perf_counter()
                if not executor.success:
                    raise RuntimeError(f"The prompt {label} failed.")
                if number >= 0:
                    taken.append(ended - began)
                wait_for(lambda: not comfyui.is_profiling(), "the end of the run")
    finally:
        shutil.rmtree(comfyui.base, ignore_errors=True)
    return seconds


def table(seconds: dict[str, list[float]]) -> tuple[str, bool]:
    """The result as Markdown, and whether the limit is kept."""
    plain, profiled = seconds["plain"], seconds["profiled"]
    added = [mine - base for mine, base in zip(profiled, plain, strict=True)]
    lines = ["| prompt of three nodes | median | quartiles |", "|---|---:|---:|"]
    rows = {"without a Profiler Start": plain, "profiled": profiled, "added": added}
    for name, values in rows.items():
        low, middle, high = (1e3 * value for value in statistics.quantiles(values, n=4))
        lines.append(f"| {name} | {middle:.1f} ms | {low:.1f} to {high:.1f} ms |")
    kept = statistics.median(added) <= LIMIT_S
    text = (
        "# What a small prompt pays\n\n"
        f"{len(plain)} rounds, in turn, in one process, ComfyUI's messages sent by a thread; no Report.\n"
        f"Limit of what is added: {LIMIT_S * 1e3:.0f} ms.\n\n"
        f"{MACHINE}, CPU only.\n\n"
    )
    return text + "\n".join(lines) + "\n", kept


def main() -> int:
    """Measure, print, write; exits with 1 where the limit is missed."""
    text, kept = table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
    write("small_prompt", text)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
