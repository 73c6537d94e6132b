"""What profiling costs a workflow: 1,000 trivial nodes in a real executor, with, without and in between.

Three variants take turns in one process, in an order that rotates, on the same executor:
``absent`` (the executor's functions as they are without the pack), ``idle`` (the pack loaded, no Profiler
Start in the prompt), ``profiled`` (a Profiler Start at 50 ms, the history written). Every round gives one
ratio to ``absent``; the result is their median.

Wall times on shared machines flip by more than what is looked for. So a second measure looks at the
executor's thread itself: a timer interrupts it every millisecond of profiled runs, and the share of
the interruptions that meet code of the pack is what its hooks take of the thread.

``python -m metrics.overhead [ROUNDS]`` prints a table and writes ``metrics/results/overhead.md``.
"""

from __future__ import annotations

import gc
import shutil
import signal
import sqlite3
import statistics
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import chains

from .in_process import InProcessComfyUI
from .result import MACHINE, write

CHAINS, LENGTH = 50, 20
NODES = CHAINS * LENGTH
VARIANTS = ("absent", "idle", "profiled")
LIMITS = {"idle": 1.01, "profiled": 1.06}
SAMPLE_S = 0.001
HOOK_LIMIT = 0.016


SITUATIONS = {
    "quiet": "Messages to browsers are dropped at once, so that only the executor is compared",
    "serving": "A thread sends ComfyUI's messages meanwhile, as ComfyUI's own does (no browser connected)",
}


class Found(NamedTuple):
    """``seconds`` of each run by situation and variant, one entry a round; ``hooks`` of the sampled runs."""

    seconds: dict[str, dict[str, list[float]]]
    hooks: list[HookShare]


def measure(rounds: int) -> Found:
    """Run everything."""
    comfyui = InProcessComfyUI()
    try:
        comfyui.load_pack()
        send, comfyui.server.send_sync = comfyui.server.send_sync, lambda *_args: None
        quiet = _rounds(comfyui, rounds, "quiet")
        comfyui.server.send_sync = send
        comfyui.serve()
        serving = _rounds(comfyui, rounds, "serving")
        hooks = [_sampled_run(comfyui, number) for number in range(max(5, rounds // 2))]
        _check_history(comfyui, 2 * (rounds + 2))
        return Found({"quiet": quiet, "serving": serving}, hooks)
    finally:
        shutil.rmtree(comfyui.base, ignore_errors=True)


def _rounds(comfyui: InProcessComfyUI, rounds: int, situation: str) -> dict[str, list[float]]:
    executor = comfyui.executor()
    seconds: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for round_number in range(-2, rounds):  # the first two warm up
        shift = round_number % len(VARIANTS)
        for variant in VARIANTS[shift:] + VARIANTS[:shift]:
            taken = _run(comfyui, executor, variant, f"{situation} {variant} {round_number}")
            if round_number >= 0:
                seconds[variant].append(taken)
    return seconds


def _run(
    comfyui: InProcessComfyUI,
    executor: Any,
    variant: str,
    label: str,
    watch: AbstractContextManager[object] | None = None,
) -> float:
    """One run of all nodes, none of them cached, in seconds. ``watch`` is entered around it."""
    scene = chains(CHAINS, LENGTH, label)
    if variant == "profiled":
        scene.start()
    outputs = comfyui.outputs(scene.prompt)
    comfyui.hook(variant != "absent")
    comfyui.settle()
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    with watch or nullcontext():
        executor.execute(scene.prompt, label, {}, outputs)
    taken = time.perf_counter() - began
    gc.enable()
    if not executor.success:
        raise RuntimeError(f"The run {label} failed.")
    if variant == "profiled":  # what is written after the run must not slow the next one down
        wait_for(lambda: _is_written(comfyui, label), "the history")
    return taken


class HookShare(NamedTuple):
    """One sampled run: interruptions in all, those inside the hooks, the run's seconds."""

    samples: int
    inside: int
    seconds: float


class HookSampler:
    """Interrupts the main thread every :data:`SAMPLE_S` and looks whose code it is in. Use with ``with``."""

    def __init__(self, pack: Path, host: Path) -> None:
        self._pack, self._host = str(pack), str(host)
        self.samples = self.inside = 0

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        self.samples += 1
        # The wrapper's own frame lies below all that the host runs: the innermost known file decides.
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self._pack):
                self.inside += 1
                return
            if name.startswith(self._host):
                return
            frame = frame.f_back

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, SAMPLE_S, SAMPLE_S)

    def __exit__(self, *_error: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, self._before)


def _sampled_run(comfyui: InProcessComfyUI, number: int) -> HookShare:
    sampler = HookSampler(comfyui.pack, comfyui.host.tree)
    seconds = _run(comfyui, comfyui.executor(), "profiled", f"sampled {number}", sampler)
    return HookShare(sampler.samples, sampler.inside, seconds)


def _history(comfyui: InProcessComfyUI) -> Path:
    return comfyui.base / "user" / "default" / "ComfyUI-Holaf-Utilities" / "profiler" / "holaf_profiler.db"


def _is_written(comfyui: InProcessComfyUI, label: str) -> bool:
    if not _history(comfyui).exists():
        return False
    question = "select count(*) from profiler_runs where prompt_id = ? and status != 'running'"
    try:
        return _ask(comfyui, question, label) == 1
    except sqlite3.OperationalError:  # the tables are being made
        return False


def _ask(comfyui: InProcessComfyUI, question: str, *values: str) -> int:
    with sqlite3.connect(_history(comfyui)) as history:
        answer: int = history.execute(question, values).fetchone()[0]
    return answer


def _check_history(comfyui: InProcessComfyUI, runs: int) -> None:
    """A profiled run that recorded nothing would be fast."""
    steps = _ask(comfyui, "select count(*) from profiler_steps where exec_time is not null")
    if steps < runs * NODES:
        raise RuntimeError(f"The history holds {steps} measured steps of {runs * NODES}.")


def table(found: Found) -> str:
    """The result as Markdown."""
    rounds = len(found.seconds["quiet"]["absent"])
    lines = [
        "# What profiling costs",
        "",
        f"{NODES} trivial nodes in {CHAINS} chains of {LENGTH} in ComfyUI's own executor, {rounds} rounds,",
        "the variants taking turns in one process. A ratio is the median of the rounds' ratios to a ComfyUI",
        "without the pack; the spread is between the quartiles.",
        "",
        f"{MACHINE}, CPU only.",
    ]
    for situation, seconds in found.seconds.items():
        lines += ["", f"{SITUATIONS[situation]}:", "", *_rows(seconds)]
    samples = sum(run.samples for run in found.hooks)
    shares = [run.inside / run.samples for run in found.hooks]
    low, _, high = statistics.quantiles(shares, n=4)
    node_us = statistics.median(
        share * run.seconds / NODES * 1e6 for share, run in zip(shares, found.hooks, strict=True)
    )
    lines += [
        "",
        f"Seen from outside: {len(found.hooks)} profiled runs, {samples:,} samples of the executor's thread,",
        f"of which {sum(run.inside for run in found.hooks) / samples:.1%} met the hooks (quartiles of",
        f"the runs {low:.1%} to {high:.1%}, limit {HOOK_LIMIT:.1%}): {node_us:.0f} us a node.",
    ]
    return "\n".join(lines) + "\n"


def _rows(seconds: dict[str, list[float]]) -> list[str]:
    lines = [
        "| variant | median run | a node | ratio | quartiles | added to a node | limit |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    names = {
        "absent": "without the pack",
        "idle": "pack loaded, no Profiler Start",
        "profiled": "profiled at 50 ms, history written",
    }
    for variant in VARIANTS:
        median = statistics.median(seconds[variant])
        ratios = [mine / base for mine, base in zip(seconds[variant], seconds["absent"], strict=True)]
        pairs = zip(seconds[variant], seconds["absent"], strict=True)
        added = statistics.median(mine - base for mine, base in pairs)
        quartiles = statistics.quantiles(ratios, n=4)
        limit = f"{LIMITS[variant]:.2f}" if variant in LIMITS else ""
        lines.append(
            f"| {names[variant]} | {median * 1e3:.1f} ms | {median / NODES * 1e6:.0f} us | "
            f"{statistics.median(ratios):.3f} | {quartiles[0]:.3f} to {quartiles[2]:.3f} | "
            f"{added / NODES * 1e6:+.1f} us | {limit} |"
        )
    return lines


def main() -> int:
    """Measure, print, write."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    write("overhead", table(measure(rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
