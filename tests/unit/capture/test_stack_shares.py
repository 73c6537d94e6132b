"""Planted truths: how much of a node's time its functions and other packs are said to take."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engine.analysis.stacks import owner_times
from engine.capture.owners import Owners
from tests.unit.capture.scene import Scene, only, totals


@pytest.mark.parametrize("seed", range(3))
def test_seventy_twenty_ten_is_seen_within_three_points(seed: int) -> None:
    """A Python loop, a C call that releases the lock and a sleep, in turns, at 400 samples.

    On a busy machine some samples come late: the node works on until all weigh as much as 400 even ones.
    """
    scene = Scene(pace_s=0.004)
    gaps = [0.0]
    stop = threading.Event()
    order = random.Random(seed)
    beat = 0.04

    def loop(until: float) -> None:
        while time.perf_counter() < until:
            pass

    def read(until: float) -> None:
        block = bytes(1_000_000)
        import zlib

        while time.perf_counter() < until:
            zlib.crc32(block)

    def sleep(until: float) -> None:
        time.sleep(max(until - time.perf_counter(), 0))

    spent = dict.fromkeys(("loop", "read", "sleep"), 0.0)

    def node() -> None:
        parts = [(loop, 7), (read, 2), (sleep, 1)]
        while sum(gaps) ** 2 < 400 * sum(gap * gap for gap in gaps) or len(gaps) < 400:
            order.shuffle(parts)
            for part, beats in parts:
                began = time.perf_counter()
                part(began + beats * beat)
                spent[part.__name__] += time.perf_counter() - began
        stop.set()

    def watch() -> None:
        while not stop.is_set():
            stop.wait(max(scene.sampler.due_s - scene.sampler._clock(), 0))
            before_s = scene.sampler._last_s
            scene.sampler.sample()
            gaps.append(scene.sampler._last_s - before_s)

    watcher = threading.Thread(target=watch, name="holaf-profiler-test")
    watcher.start()
    scene.run("1", node)
    watcher.join()
    stacks = scene.seen()
    found = totals(stacks, only(stacks))
    whole, total = sum(found.values()), sum(spent.values())
    for name, seconds in spent.items():
        assert found.get(name, 0.0) / whole == pytest.approx(seconds / total, abs=0.03), (name, found, spent)


def test_a_pack_that_wraps_a_core_function_and_sleeps_in_it_gets_its_time(tmp_path: Path) -> None:
    """The planted truth: 0.3 s in the pack's wrapper, 0.1 s in the core function that it calls."""
    core, pack = tmp_path / "ComfyUI", tmp_path / "ComfyUI" / "custom_nodes" / "patcher"
    pack.mkdir(parents=True)
    space: dict[str, Any] = {"time": time}
    exec(compile("def encode():\n    time.sleep(0.1)\n", str(core / "sd.py"), "exec"), space)
    original = space["encode"]
    wrapper = "def encode():\n    time.sleep(0.3)\n    original()\n"
    patch: dict[str, Any] = {"time": time, "original": original}
    exec(compile(wrapper, str(pack / "patch.py"), "exec"), patch)
    space["encode"] = patch["encode"]
    exec(compile("def node():\n    encode()\n", str(core / "nodes.py"), "exec"), space)
    scene = Scene(Owners(str(core), {str(pack): "Patcher"}), pace_s=0.005)
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(max(scene.sampler.due_s - scene.sampler._clock(), 0)):
            scene.sampler.sample()

    watcher = threading.Thread(target=watch, name="holaf-profiler-test")
    watcher.start()
    scene.run("6", space["node"])
    stop.set()
    watcher.join()
    stacks = scene.sampler.stacks(lambda _: str(core / "nodes.py"))
    assert stacks is not None
    found = {(entry.kind, entry.owner): entry for entry in owner_times(stacks)}
    assert found["pack", "Patcher"].is_foreign
    total = sum(entry.time_s for entry in found.values())
    assert found["pack", "Patcher"].time_s / total == pytest.approx(0.75, abs=0.1)
