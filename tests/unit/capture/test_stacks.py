"""Sampling of stacks: what it finds, what it leaves out, and that it never harms the thread it looks at."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.capture.call_tree import CallTree
from engine.capture.owners import Owners
from engine.capture.spans import Running
from tests.unit.capture.scene import Scene, bracket, names, only

ROOT = Path(__file__).resolve().parents[3]


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
