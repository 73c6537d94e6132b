"""Model moves are timed without being changed. The host's module is stood in for by one alike."""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from engine.capture.recorder import Outcome, Recorder
from engine.capture.spans import NodeRef
from engine.clock import FakeClock
from engine.host.system import models
from engine.model import Boundary, ResidentModel, Step


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(models, "now", clock)
    monkeypatch.setattr(models, "_ours", deque())
    monkeypatch.setattr(models, "_listeners", [])
    return clock


@pytest.fixture
def management(clock: FakeClock) -> Any:
    """Loading takes 2 s and frees memory first, which takes 3 s, or as long as asked."""
    host = types.SimpleNamespace()

    def free_memory(memory_required: float, device: str, keep_loaded: tuple[str, ...] = ()) -> list[Any]:
        clock.advance(3.0)
        return [memory_required, device, keep_loaded]

    def load_models_gpu(wanted: list[str], memory_required: float = 0) -> str:
        host.free_memory(memory_required, "cuda:0", keep_loaded=("x",))
        clock.advance(2.0)
        if not wanted:
            raise MemoryError("out of memory")
        return "loaded"

    host.free_memory, host.load_models_gpu = free_memory, load_models_gpu
    return host


def test_load_and_offload_are_told_apart_and_passed_through(management: Any) -> None:
    models.install(management)
    moves: list[tuple[str, float]] = []
    models.listen(lambda move: moves.append((move.kind, move.seconds)))
    assert management.load_models_gpu(["m"], memory_required=7) == "loaded"
    assert management.free_memory(1, device="cpu") == [1, "cpu", ()]
    with pytest.raises(MemoryError):
        management.load_models_gpu([])
    expected = [("offload", 3.0), ("load", 2.0), ("offload", 3.0), ("offload", 3.0), ("load", 2.0)]
    assert moves == expected


def test_without_a_listener_and_on_other_threads_nothing_is_recorded(management: Any) -> None:
    models.install(management)
    moves: list[str] = []
    assert management.load_models_gpu(["m"]) == "loaded"
    stop = models.listen(lambda move: moves.append(move.kind))
    thread = threading.Thread(target=management.load_models_gpu, args=(["m"],))
    thread.start()
    thread.join()
    stop()
    management.load_models_gpu(["m"])
    assert moves == []


def test_a_node_that_loads_on_a_thread_of_its_own_is_named(management: Any) -> None:
    models.install(management)
    moves: list[tuple[str, float, str | None]] = []
    node = threading.local()
    models.listen(
        lambda move: moves.append((move.kind, move.seconds, move.node_id)), lambda: getattr(node, "id", None)
    )

    def load() -> None:
        node.id = "7"
        management.load_models_gpu(["m"])

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    management.free_memory(1, device="cpu")
    assert moves == [("offload", 3.0, "7"), ("load", 2.0, "7"), ("offload", 3.0, None)]


def test_others_may_wrap_before_and_after(management: Any) -> None:
    order: list[str] = []

    def wrap(name: str) -> None:
        inner = management.load_models_gpu

        @functools.wraps(inner)
        def outer(*args: Any, **kwargs: Any) -> Any:
            order.append(name)
            return inner(*args, **kwargs)

        management.load_models_gpu = outer

    wrap("before")
    models.install(management)
    wrap("after")
    on_top = management.load_models_gpu
    models.install(management)
    assert management.load_models_gpu is on_top
    moves: list[str] = []
    models.listen(lambda move: moves.append(move.kind))
    management.load_models_gpu(["m"])
    assert order == ["after", "before"]
    assert moves == ["offload", "load"]


def test_a_listener_that_fails_harms_nobody(management: Any, caplog: pytest.LogCaptureFixture) -> None:
    models.install(management)

    def fail(move: models.Move) -> None:
        raise ValueError("bug")

    models.listen(fail)
    assert management.load_models_gpu(["m"]) == "loaded"
    assert management.load_models_gpu(["m"]) == "loaded"
    assert len(caplog.records) == 1


def test_two_runs_at_once_get_their_own_moves(management: Any) -> None:
    models.install(management)
    moves: dict[str, list[str]] = {"here": [], "there": []}
    models.listen(lambda move: moves["here"].append(move.kind))

    def other_run() -> None:
        stop = models.listen(lambda move: moves["there"].append(move.kind))
        management.load_models_gpu(["m"])
        stop()

    thread = threading.Thread(target=other_run)
    thread.start()
    thread.join()
    management.free_memory(1, device="cpu")
    assert moves == {"here": ["offload"], "there": ["offload", "load"]}


@pytest.fixture
def watch(management: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, list[str], Any]]:
    """A run's watch with its recorder and the notices it puts on the run, node "1" being at work."""
    monkeypatch.setitem(sys.modules, "comfy.model_management", management)
    recorder = Recorder(0.0, lambda node_id: NodeRef(node_id, "Loader", "Loader"))
    notices: list[str] = []
    watch = models.ModelWatch(recorder, lambda: None, notices.append)
    yield watch, notices, recorder
    watch.stop()


def one_node(watch: models.ModelWatch, recorder: Recorder, node_id: str, work: Any) -> Step:
    recorder.enter(node_id, Boundary(t_s=0.0))
    work()
    recorder.leave(node_id, Boundary(t_s=9.0), Outcome())
    watch.node_ended(node_id)
    return recorder.step(node_id)


def replacement(clock: FakeClock) -> Any:
    def load_models_gpu(wanted: list[str]) -> str:
        clock.advance(1.0)
        return "loaded by another pack"

    return load_models_gpu


def test_a_function_that_took_our_place_is_timed_from_the_next_run_on(
    management: Any, clock: FakeClock, watch: Any
) -> None:
    watch, notices, recorder = watch
    models.install(management)
    management.load_models_gpu = replacement(clock)
    watch.start()
    step = one_node(watch, recorder, "1", lambda: management.load_models_gpu(["m"]))
    assert step.load_time_s == 1.0
    assert notices == [
        "Model loading times are those of a new function: test_models.py has replaced load_models_gpu."
    ]


def test_a_node_in_which_our_place_was_taken_has_no_loading_time(
    management: Any, clock: FakeClock, watch: Any
) -> None:
    watch, notices, recorder = watch
    watch.start()

    def replace_and_load() -> None:
        management.load_models_gpu = replacement(clock)
        management.load_models_gpu(["m"])

    first = one_node(watch, recorder, "1", replace_and_load)
    second = one_node(watch, recorder, "2", lambda: management.load_models_gpu(["m"]))
    assert (first.load_time_s, first.offload_time_s) == (None, None)
    assert second.load_time_s == 1.0
    assert notices == [
        "The loading time of node 1 is n/a, since meanwhile test_models.py has replaced load_models_gpu."
    ]


def test_a_host_that_moves_models_in_another_way_gives_no_times(management: Any, watch: Any) -> None:
    watch, notices, recorder = watch
    del management.load_models_gpu
    watch.start()
    step = one_node(watch, recorder, "1", lambda: None)
    assert (step.load_time_s, step.offload_time_s) == (None, None)
    assert len(notices) == 1


class Unet:
    pass


def patcher(loaded: int, total: int) -> Any:
    return types.SimpleNamespace(model=Unet(), loaded_size=lambda: loaded, model_size=lambda: total)


def test_resident_models_leave_out_what_cannot_be_asked() -> None:
    host = types.SimpleNamespace(
        current_loaded_models=[
            types.SimpleNamespace(model=patcher(1, 10), device="cuda:0"),
            types.SimpleNamespace(model=None, device="cuda:0"),
            types.SimpleNamespace(),
            types.SimpleNamespace(model=patcher(20, 20), device="cuda:1"),
        ]
    )
    assert models.resident_models(host) == (
        ResidentModel("Unet", "cuda:1", 20, 20),
        ResidentModel("Unet", "cuda:0", 1, 10),
    )
    assert models.resident_models(types.SimpleNamespace()) == ()
