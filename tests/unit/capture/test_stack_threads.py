"""Stacks beside the executor's own: asynchronous nodes, and the threads that a node starts."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine.capture.spans import Running
from tests.unit.capture.scene import Scene, names, only


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
