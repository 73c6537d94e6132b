"""What looking inside nodes costs: a sample, a run, and the memory of an hour.

``python -m metrics.stacks`` writes ``metrics/results/stacks.md``.
"""

from __future__ import annotations

import gc
import random
import statistics
import threading
import time
import tracemalloc
from collections.abc import Callable
from types import CodeType
from typing import Any

from engine.capture.functions import Functions
from engine.capture.owners import Owners
from engine.capture.spans import Running
from engine.capture.stacks import PACE_S, StackSampler

from .result import write

DEPTH = 60
SAMPLES = 2_000
NODES = 2_000
HOUR_SAMPLES = round(3600 / PACE_S)


def bracket(work: Callable[..., Any], *arguments: Any) -> Any:
    """Stands for the pack's own bracket around a node."""
    return work(*arguments)


def down(depth: int, work: Callable[[], None]) -> None:
    """``work`` at the end of ``depth`` calls."""
    if depth:
        down(depth - 1, work)
    else:
        work()


def sampler(running: Callable[[], Running]) -> StackSampler:
    """A sampler that takes this thread for the one that executes nodes."""
    owners = Owners()
    return StackSampler(Functions(lambda: owners, bracket.__code__, ()), running)


def cost_of_a_sample() -> tuple[float, float]:
    """Median and 95th percentile of CPU seconds for a sample of :data:`DEPTH` frames."""
    seen = sampler(lambda: Running("1", 0.0))
    costs: list[float] = []
    done = threading.Event()

    def look() -> None:
        for _ in range(SAMPLES):
            before = time.thread_time()
            seen.sample()
            costs.append(time.thread_time() - before)
        done.set()

    def work() -> None:
        threading.Thread(target=look, name="holaf-profiler-metrics").start()
        done.wait()

    bracket(down, DEPTH - 4, work)
    costs.sort()
    return statistics.median(costs), costs[int(len(costs) * 0.95)]


def slowdown(seconds: float = 24.0, rounds: int = 40) -> float:
    """How much less pure Python work a thread gets done while it is sampled: a ratio, from turns."""
    ratios = []
    for _ in range(rounds):
        rates = {}
        for is_sampled in random.sample((False, True), 2):
            rates[is_sampled] = _rate(seconds / rounds / 2, is_sampled)
        ratios.append(rates[True] / rates[False])
    return 1.0 - statistics.median(ratios)


def _rate(seconds: float, is_sampled: bool) -> float:
    """Rounds of work a CPU second, with or without somebody who looks."""
    seen = sampler(lambda: Running("1", 0.0))
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(max(seen.due_s - time.perf_counter(), 0.0)):
            seen.sample()

    def work() -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            sum(range(500))
            done[0] += 1

    done = [0]
    watcher = threading.Thread(target=look, name="holaf-profiler-metrics")
    if is_sampled:
        watcher.start()
    before = time.thread_time()
    bracket(down, DEPTH - 4, work)
    spent = time.thread_time() - before
    stop.set()
    if is_sampled:
        watcher.join()
    return done[0] / spent


def memory_of_an_hour() -> tuple[int, int, bool]:
    """Bytes held after an hour's samples of :data:`NODES` nodes, frames kept, whether any were left out.

    Every node calls through 40 of 3,000 functions, another path with every sample below the first 20.
    """
    functions = [_function(number) for number in range(3_000)]
    now = ["0"]
    chance = random.Random(1)
    gc.collect()
    tracemalloc.start()
    seen = sampler(lambda: Running(now[0], 0.0))
    for number in range(HOUR_SAMPLES):
        node = number * NODES // HOUR_SAMPLES
        now[0] = str(node)
        upper = [(node * 7 + depth) % 3_000 for depth in range(20)]
        lower = [chance.randrange(40) + 40 * (depth % 50) for depth in range(20)]
        seen._grow(now[0], "", [seen.functions.learn(functions[each]) for each in upper + lower], PACE_S)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held, seen._frame_count, seen.truncated


def _function(number: int) -> CodeType:
    return bracket.__code__.replace(co_name=f"function_{number}", co_firstlineno=number + 1)


def main() -> None:
    """Measure and write."""
    median, p95 = cost_of_a_sample()
    held, frames, truncated = memory_of_an_hour()
    text = (
        "# Looking inside nodes\n\n"
        "| what | measured | limit |\n|---|---:|---:|\n"
        f"| CPU time of a sample of {DEPTH} frames, median | {median * 1e6:.0f} us | 80 us |\n"
        f"| the same, 95th percentile | {p95 * 1e6:.0f} us | |\n"
        f"| of a core, at {PACE_S * 1000:.0f} ms | {median / PACE_S:.2%} | 1 % |\n"
        f"| work that a busy Python thread loses | {slowdown():.2%} | 1 % |\n"
        f"| memory after an hour, {NODES:,} nodes, {frames:,} frames"
        f"{', some left out' if truncated else ''} | {held / 2**20:.1f} MB | 20 MB |\n"
    )
    write("stacks", text)


if __name__ == "__main__":
    main()
