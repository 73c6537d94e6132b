"""Sampling of stacks: what it finds, what it leaves out, and that it never harms the thread it looks at."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.analysis.stacks import owner_times
from engine.capture.call_tree import CallTree
from engine.capture.functions import Functions
from engine.capture.owners import Owners
from engine.capture.spans import Running
from engine.capture.stacks import StackSampler
from engine.model import Stacks, StackTree

ROOT = Path(__file__).resolve().parents[3]


class Scene:
    """A node that runs on this thread inside a bracket, looked at whenever the test says so."""

    def __init__(self, owners: Owners | None = None, **options: Any) -> None:
        self.running = Running(None, 0.0)
        known = owners or Owners()
        functions = Functions(lambda: known, bracket.__code__, ())
        self.sampler = StackSampler(functions, lambda: self.running, **options)

    def run(self, node_id: str, work: Callable[[], Any]) -> Any:
        """``work`` as the node ``node_id``."""
        self.running = Running(node_id, self.sampler._clock())
        try:
            return bracket(work)
        finally:
            self.running = Running(None, 0.0)

    def look(self) -> None:
        """One sample, taken on a thread of its own as in a run."""
        thread = threading.Thread(target=self.sampler.sample, name="holaf-profiler-test")
        thread.start()
        thread.join()

    def seen(self) -> Stacks:
        found = self.sampler.stacks()
        assert found is not None
        return found


def bracket(work: Callable[..., Any], *arguments: Any) -> Any:
    """Stands for the pack's own bracket around a node."""
    return work(*arguments)


def names(stacks: Stacks, tree: StackTree) -> list[tuple[str, ...]]:
    """Every path of ``tree`` that was the innermost, as function names."""
    found = []
    for frame, seconds in enumerate(tree.self_s):
        if seconds:
            path, at = [], frame
            while at >= 0:
                path.append(stacks.functions[tree.functions[at]].name.rpartition(".")[2])
                at = tree.parents[at]
            found.append(tuple(reversed(path)))
    return found


def totals(stacks: Stacks, tree: StackTree) -> dict[str, float]:
    """Seconds by the name of the innermost function."""
    found: dict[str, float] = {}
    for function, seconds in zip(tree.functions, tree.self_s, strict=True):
        name = stacks.functions[function].name.rpartition(".")[2]
        found[name] = found.get(name, 0.0) + seconds
    return found


def only(stacks: Stacks) -> StackTree:
    (tree,) = stacks.trees
    return tree


def test_a_stack_is_cut_at_the_nodes_entry() -> None:
    scene = Scene()

    def inner() -> None:
        scene.look()

    def outer() -> None:
        inner()

    scene.run("5", outer)
    stacks = scene.seen()
    tree = only(stacks)
    path = names(stacks, tree)[0]
    assert path[:3] == ("outer", "inner", "look"), path
    assert tree.node_id == "5"
    assert tree.sample_count == 1


def test_nothing_is_recorded_between_nodes_and_for_nodes_that_do_not_count() -> None:
    scene = Scene(is_node=lambda node_id: node_id != "report")
    scene.look()
    scene.run("report", scene.look)
    assert scene.sampler.stacks() is None


def test_recursion_to_a_depth_of_900_is_kept_whole() -> None:
    scene = Scene()

    def down(depth: int) -> None:
        if depth:
            down(depth - 1)
        else:
            scene.look()

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(2000)
    try:
        scene.run("1", lambda: down(899))
    finally:
        sys.setrecursionlimit(limit)
    path = max(names(scene.seen(), only(scene.seen())), key=len)
    assert path.count("down") == 900


def test_generators_stand_below_what_drives_them() -> None:
    scene = Scene()

    def produce() -> Iterator[int]:
        scene.look()
        yield 1

    def consume() -> None:
        list(produce())

    scene.run("1", consume)
    (path,) = names(scene.seen(), only(scene.seen()))
    assert path[:2] == ("consume", "produce")


def test_an_asynchronous_node_is_seen_where_its_coroutine_waits() -> None:
    scene = Scene()

    async def fetch() -> None:
        await asyncio.Event().wait()

    async def node() -> None:
        await fetch()

    async def run() -> None:
        task = asyncio.ensure_future(node())
        await asyncio.sleep(0)
        scene.running = Running(None, 0.0, ("9",))
        scene.sampler.watch_tasks("9", (task,))
        scene.look()
        scene.sampler.tasks_done("9")
        scene.look()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
    tree = only(scene.seen())
    assert tree.node_id == "9"
    assert tree.sample_count == 1
    (path,) = names(scene.seen(), tree)
    assert path[:2] == ("node", "fetch")


def test_the_coroutine_that_runs_is_seen_with_what_it_calls() -> None:
    scene = Scene()

    def compute() -> None:
        scene.look()

    async def node() -> None:
        compute()

    async def other() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        waits = asyncio.ensure_future(other())
        await asyncio.sleep(0)
        task = asyncio.ensure_future(node())
        scene.running = Running(None, 0.0, ("1", "2"))
        scene.sampler.watch_tasks("1", (waits,))
        scene.sampler.watch_tasks("2", (task,))
        await task
        waits.cancel()

    asyncio.run(run())
    stacks = scene.seen()
    paths = {tree.node_id: names(stacks, tree)[0] for tree in stacks.trees}
    assert paths["2"][:2] == ("node", "compute")
    assert paths["1"][0] == "other"


def test_threads_of_a_node_stand_apart_under_their_name_without_numbers() -> None:
    scene = Scene()
    at_work, done = threading.Event(), threading.Event()

    def crunch() -> None:
        at_work.set()
        while not done.is_set():
            sum(range(1000))

    def node() -> None:
        threads = [threading.Thread(target=crunch, name=f"worker-{number}") for number in range(2)]
        for thread in threads:
            thread.start()
        at_work.wait()
        scene.look()
        done.set()
        for thread in threads:
            thread.join()

    scene.run("3", node)
    stacks = scene.seen()
    assert {(tree.node_id, tree.thread) for tree in stacks.trees} == {("3", ""), ("3", "worker")}
    worker = next(tree for tree in stacks.trees if tree.thread)
    assert all("crunch" in path for path in names(stacks, worker))


def test_threads_that_were_there_before_or_only_wait_are_left_out() -> None:
    done = threading.Event()
    old = threading.Thread(target=lambda: all(sum(range(9)) for _ in iter(done.is_set, True)))
    old.start()
    scene = Scene()

    def node() -> None:
        idle = threading.Thread(target=done.wait, name="idle")
        idle.start()
        scene.look()
        done.set()
        idle.join()

    scene.run("3", node)
    old.join()
    assert {tree.thread for tree in scene.seen().trees} == {""}


def test_a_thread_that_got_the_number_of_one_that_ended_is_a_new_thread() -> None:
    """A number is given again at once: of a thread that was there before, or of another node's."""
    done = threading.Event()

    def crunch() -> None:
        while not done.is_set():
            sum(range(1000))

    def worked(act: Callable[[], Any]) -> tuple[int | None, Any]:
        thread = threading.Thread(target=crunch, name="worker")
        thread.start()
        result = act()
        done.set()
        thread.join()
        done.clear()
        return thread.ident, result

    for _ in range(100):
        ident, scene = worked(Scene)
        idents = [scene.run(node_id, lambda: worked(scene.sampler.sample))[0] for node_id in ("1", "2")]  # noqa: B023
        if idents == [ident, ident]:
            break
    else:
        pytest.skip("this system does not give a number again at once")
    threads = {(tree.node_id, tree.thread) for tree in scene.seen().trees if tree.thread}
    assert threads == {("1", "worker"), ("2", "worker")}


def test_the_profilers_wait_for_the_gpu_is_named_and_its_other_work_is_nobodys(tmp_path: Path) -> None:
    """The bracket calls the pack's own code after the node: that is a wait, or not the node's at all."""
    own = tmp_path / "pack"
    own.mkdir()
    code = "def synchronize(look):\n    look()\ndef other(look):\n    look()\n"
    space: dict[str, Any] = {}
    exec(compile(code, str(own / "probe.py"), "exec"), space)
    scene = Scene(Owners(own=str(own)))
    scene.running = Running("1", 0.0)
    bracket(space["other"], scene.look)
    assert scene.sampler.stacks() is None
    bracket(space["synchronize"], scene.look)
    stacks = scene.seen()
    assert [stacks.functions[number].name for number in only(stacks).functions] == ["waiting for the GPU"]
    assert stacks.owners[stacks.functions[0].owner].kind == "gpu_wait"


def test_the_function_a_node_is_stuck_in_is_named_with_how_long(tmp_path: Path) -> None:
    clock = [100.0]
    pack = tmp_path / "custom_nodes" / "slow"
    pack.mkdir(parents=True)
    space: dict[str, Any] = {}
    exec(compile("def copy_weights(look):\n    look()\n", str(pack / "nodes.py"), "exec"), space)
    scene = Scene(Owners(packs={str(pack): "Slow pack"}), clock=lambda: clock[0])

    def node() -> None:
        space["copy_weights"](scene.look)
        clock[0] += 31
        space["copy_weights"](scene.look)
        busy = scene.sampler.busy()
        assert busy is not None
        assert scene.sampler.functions.known[busy.function].name == "copy_weights"
        assert busy.seconds == pytest.approx(31)

    scene.run("1", node)
    assert scene.sampler.busy() is None


def test_time_since_the_last_sample_counts_but_not_a_pause_before_the_node(tmp_path: Path) -> None:
    clock = [0.0]
    scene = Scene(clock=lambda: clock[0], pace_s=0.05)

    def node() -> None:
        clock[0] += 0.04
        scene.look()
        clock[0] += 0.07
        scene.look()

    clock[0] = 50.0
    scene.run("1", node)
    assert sum(only(scene.seen()).self_s) == pytest.approx(0.1 + 0.07)


def test_bounds_hold_and_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.capture.stacks.OPEN_FRAMES_MAX", 3)
    scene = Scene()

    def a() -> None:
        scene.look()

    scene.run("1", a)
    stacks = scene.seen()
    assert stacks.truncated
    assert len(only(stacks).functions) == 3
    assert sum(only(stacks).self_s) > 0  # the time stays with the deepest frame there is


def test_a_closed_tree_grows_on_where_it_was() -> None:
    tree = CallTree()
    assert tree.add([1, 2], 1.0, 100)
    tree.close()
    assert tree.add([1, 2], 1.0, 100)
    assert tree.add([1, 3], 1.0, 100)
    assert list(tree.functions) == [1, 2, 3]
    assert list(tree.parents) == [-1, 0, 0]
    assert list(tree.self_s) == [0.0, 2.0, 1.0]


def test_names_with_markup_stay_text() -> None:
    scene = Scene()
    space: dict[str, Any] = {}
    exec(compile("def f(look):\n    look()\n", "<b>x</b>.py", "exec"), space)
    code = space["f"].__code__
    names = [name for name in ("co_name", "co_qualname") if hasattr(code, name)]  # Python 3.10 has one
    space["f"].__code__ = code.replace(**dict.fromkeys(names, "<img src=x>"))
    scene.run("1", lambda: space["f"](scene.look))
    assert "<img src=x>" in {function.name for function in scene.seen().functions}


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


def test_sampling_never_crashes_or_hangs_a_process_whose_threads_come_and_go() -> None:
    """A slice of ``make test-stacks``, in a process of its own, which a crash would end."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.comfyui.stack_stress", "12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "samples" in done.stdout


@pytest.mark.parametrize("is_on", [True, False])
def test_no_garbage_is_collected_while_frames_are_looked_at(is_on: bool) -> None:
    """A collection in the middle of another thread's stack has crashed the interpreter."""
    seen = []

    def frames() -> dict[int, Any]:
        seen.append(gc.isenabled())
        return sys._current_frames()

    scene = Scene(frames=frames)
    was_on = gc.isenabled()
    (gc.enable if is_on else gc.disable)()
    try:
        scene.run("1", scene.look)
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()
    assert seen == [False, False]


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
