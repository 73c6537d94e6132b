"""Model moves are timed without being changed. The host's module is stood in for by one alike."""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest

from engine.clock import FakeClock
from engine.host.system import models
from engine.model import ResidentModel


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeClock]:
    clock = FakeClock()
    monkeypatch.setattr(models, "now", clock)
    yield clock
    models.listen(None)


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
    models.listen(lambda kind, seconds, _node: moves.append((kind, seconds)))
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
    models.listen(lambda kind, _seconds, _node: moves.append(kind))
    thread = threading.Thread(target=management.load_models_gpu, args=(["m"],))
    thread.start()
    thread.join()
    models.listen(None)
    management.load_models_gpu(["m"])
    assert moves == []


def test_a_node_that_loads_on_a_thread_of_its_own_is_named(management: Any) -> None:
    models.install(management)
    moves: list[tuple[str, float, str | None]] = []
    node = threading.local()
    models.listen(lambda *move: moves.append(move), lambda: getattr(node, "id", None))

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
    models.listen(lambda kind, _seconds, _node: moves.append(kind))
    management.load_models_gpu(["m"])
    assert order == ["after", "before"]
    assert moves == ["offload", "load"]


def test_a_listener_that_fails_harms_nobody(management: Any, caplog: pytest.LogCaptureFixture) -> None:
    models.install(management)

    def fail(kind: str, seconds: float, node_id: str | None) -> None:
        raise ValueError("bug")

    models.listen(fail)
    assert management.load_models_gpu(["m"]) == "loaded"
    assert management.load_models_gpu(["m"]) == "loaded"
    assert len(caplog.records) == 1


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
