"""Stacks sampled as fast as can be while threads, coroutines, deep calls and garbage come and go.

``python -m tests.comfyui.stack_stress SECONDS`` runs in this process, which must neither crash nor hang; it
prints how much was sampled. Where a round does not end in :data:`HANGS_S`, all stacks are printed and it
exits with 1. Needs no ComfyUI.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.capture.functions import Functions
from engine.capture.owners import Owners
from engine.capture.spans import Running
from engine.capture.stacks import StackSampler

HANGS_S = 30.0


def bracket(work: Callable[[], Any]) -> Any:
    """Stands for the pack's own bracket around a node."""
    return work()


def recurse(depth: int) -> int:
    """``depth`` calls deep and back."""
    return 0 if depth == 0 else 1 + recurse(depth - 1)


def generate(depth: int) -> Iterator[int]:
    """A chain of generators."""
    if depth:
        yield from generate(depth - 1)
    yield depth


def short_threads() -> None:
    """Threads that end while they may be looked at."""
    threads = [threading.Thread(target=recurse, args=(20,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fresh_code() -> None:
    """Functions whose code is made, called and thrown away."""
    space: dict[str, Any] = {}
    exec("def made():\n    return sum(range(50))", space)
    space["made"]()


class Cyclic:
    """Garbage whose finalizer lets go of Python's lock, as closing a file does."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        os.stat(".")


def garbage(count: int = 30) -> None:
    """What a garbage collection finds, wherever it begins."""
    for _ in range(count):
        Cyclic()


async def coroutines() -> None:
    """Tasks that wait, end and are cancelled."""

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)

    tasks = [asyncio.ensure_future(wait(0.001 * number)) for number in range(5)]
    await asyncio.sleep(0.002)
    tasks[-1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main(seconds: float) -> None:
    """Work and sample for so long."""
    owners = Owners()
    at_work = ["0"]
    functions = Functions(lambda: owners, bracket.__code__, ())
    sampler = StackSampler(functions, lambda: Running(at_work[0], 0.0, ("async",)), pace_s=0.0002)
    stop = threading.Event()
    failures: list[BaseException] = []

    def look() -> None:
        try:
            while not stop.wait(max(sampler.due_s - sampler._clock(), 0.0)):
                garbage(3)  # so that some collections begin while this thread samples
                sampler.sample()
                sampler.busy()
        except BaseException as error:  # noqa: BLE001 - any failure at all is what this looks for
            failures.append(error)

    watcher = threading.Thread(target=look, name="holaf-profiler-stress")
    watcher.start()
    until = time.monotonic() + seconds
    rounds = 0
    with ThreadPoolExecutor(4) as pool:
        while time.monotonic() < until and not failures:
            rounds += 1
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            at_work[0] = str(rounds % 500)
            for work in (
                lambda: recurse(800),
                lambda: list(generate(60)),
                short_threads,
                fresh_code,
                garbage,
                lambda: list(pool.map(recurse, range(0, 200, 20))),
            ):
                bracket(work)

            async def tasks() -> None:
                task = asyncio.ensure_future(coroutines())
                sampler.watch_tasks("async", (task,))
                await task
                sampler.tasks_done("async")

            asyncio.run(tasks())
    stop.set()
    watcher.join()
    faulthandler.cancel_dump_traceback_later()
    if failures:
        raise failures[0]
    stacks = sampler.stacks()
    assert stacks is not None
    print(f"{rounds:,} rounds, {sampler.count:,} samples, {len(stacks.trees):,} trees", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
