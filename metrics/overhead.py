"""What profiling costs a workflow: 1,000 trivial nodes in a real executor, with, without and in between.

Three variants take turns in one process, in an order that rotates, on the same executor:
``absent`` (the executor's functions as they are without the pack), ``idle`` (the pack loaded, no Profiler
Start in the prompt), ``profiled`` (a Profiler Start at 50 ms, the history written). Every round gives one
ratio to ``absent``; the result is their median.

Wall times on shared machines flip by more than what is looked for. So py-spy looks at the executor's thread
from another process, too: the share of its samples of profiled runs that meet code of the pack is what the
hooks take of the thread.

``python -m metrics.overhead [ROUNDS]`` prints a table and writes ``metrics/results/overhead.md``.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import chains

from .in_process import InProcessComfyUI
from .result import MACHINE, write

CHAINS, LENGTH = 50, 20
NODES = CHAINS * LENGTH
VARIANTS = ("absent", "idle", "profiled")
LIMITS = {"idle": 1.01, "profiled": 1.06}
SAMPLES_A_SECOND = 500
HOOK_LIMIT_US = 26


SITUATIONS = {
    "quiet": "Messages to browsers are dropped at once, so that only the executor is compared",
    "serving": "A thread sends ComfyUI's messages meanwhile, as ComfyUI's own does (no browser connected)",
}


class Found(NamedTuple):
    """``seconds`` of each run by situation and variant, one entry a round; ``hooks`` of the watched runs."""

    seconds: dict[str, dict[str, list[float]]]
    hooks: HookShare | None


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
        hooks = _watched(comfyui, max(10, rounds))
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


def _run(comfyui: InProcessComfyUI, executor: Any, variant: str, label: str) -> float:
    """One run of all nodes, none of them cached, in seconds."""
    scene = chains(CHAINS, LENGTH, label)
    if variant == "profiled":
        scene.start()
    outputs = comfyui.outputs(scene.prompt)
    comfyui.hook(variant != "absent")
    comfyui.settle()
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    executor.execute(scene.prompt, label, {}, outputs)
    taken = time.perf_counter() - began
    gc.enable()
    if not executor.success:
        raise RuntimeError(f"The run {label} failed.")
    if variant == "profiled":  # what is written after the run must not slow the next one down
        wait_for(lambda: _is_written(comfyui, label), "the history")
    return taken


class HookShare(NamedTuple):
    """Samples of the executor's thread at work, those of them inside the hooks, seconds of each run."""

    samples: int
    inside: int
    seconds: list[float]


def _watched(comfyui: InProcessComfyUI, runs: int) -> HookShare | None:
    """Profiled runs that py-spy looks at from another process; ``None`` where it cannot."""
    py_spy = Path(sys.executable).with_name("py-spy")
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks.txt"
        command = [py_spy, "record", "--pid", str(os.getpid()), "--rate", str(SAMPLES_A_SECOND)]
        # Stopping the process for each sample would favour the places where it can be stopped.
        command += ["--nonblocking", "--format", "raw", "--full-filenames", "--output", stacks]
        try:
            watcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            return None
        seconds = [
            _run(comfyui, comfyui.executor(), "profiled", f"watched {number}") for number in range(runs)
        ]
        watcher.send_signal(signal.SIGINT)
        watcher.wait()
        if not stacks.is_file():
            return None
        return _share(stacks.read_text(encoding="utf-8"), comfyui, seconds)


def _share(stacks: str, comfyui: InProcessComfyUI, seconds: list[float]) -> HookShare | None:
    """``stacks``: a line for each, its frames from the outermost in, and how often it was seen."""
    pack, host = str(comfyui.pack), str(comfyui.host.tree)
    samples = inside = 0
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not any("execution.py" in frame and host in frame for frame in frames):
            continue
        samples += int(count)
        # The wrapper's own frame lies below all that the host runs: the innermost known file decides.
        known = next(frame for frame in reversed(frames) if pack in frame or host in frame)
        inside += int(count) if pack in known else 0
    return HookShare(samples, inside, seconds) if samples else None


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
    return "\n".join([*lines, "", *_seen_from_outside(found.hooks)]) + "\n"


def _seen_from_outside(hooks: HookShare | None) -> list[str]:
    if hooks is None:
        return ["py-spy may not look at this process here, so the hooks' share of the thread is not known."]
    share = hooks.inside / hooks.samples
    return [
        f"Seen from outside by py-spy: {len(hooks.seconds)} profiled runs while messages are sent,",
        f"{hooks.samples:,} samples of the executor's thread, {share:.1%} of them in the hooks: "
        f"{share * statistics.median(hooks.seconds) / NODES * 1e6:.0f} us a node (limit {HOOK_LIMIT_US} us).",
    ]


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
