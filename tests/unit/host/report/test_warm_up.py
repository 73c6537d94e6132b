"""Loading beside a run: in pieces, once, and not for a run that is over at once."""

from __future__ import annotations

import sys
import threading

import pytest

from engine.host.report import warm_up


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Loads three made-up modules instead; the list fills with those that were loaded."""
    loaded: list[str] = []
    monkeypatch.setattr(warm_up, "PIECES", ("a", "b", "c"))
    monkeypatch.setattr(warm_up, "_started", False)
    monkeypatch.setattr(warm_up.importlib, "import_module", loaded.append)
    monkeypatch.setattr(warm_up, "is_lock_free", lambda: True)
    return loaded


def wait_for_the_thread() -> None:
    for thread in threading.enumerate():
        if thread.name == "holaf-profiler-warm-up":
            thread.join(10.0)


def test_everything_is_loaded_once_with_pauses(pieces: list[str]) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    warm_up.begin(wait)
    warm_up.begin(wait)
    wait_for_the_thread()
    assert pieces == ["a", "b", "c"]
    assert waits == [warm_up.DELAY_S, *[warm_up.PAUSE_S] * 3]


def test_nothing_is_loaded_while_a_node_runs_python_code(
    pieces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([False, False, True, True, False])
    monkeypatch.setattr(warm_up, "is_lock_free", lambda: next(looks))
    waits = iter([False] * 5 + [True])
    warm_up.begin(lambda _seconds: next(waits))
    wait_for_the_thread()
    assert pieces == ["a", "b"]


def test_a_run_that_is_over_at_once_loads_nothing_and_the_next_may(pieces: list[str]) -> None:
    warm_up.begin(lambda _seconds: True)
    wait_for_the_thread()
    assert pieces == []
    warm_up.begin(lambda _seconds: False)
    wait_for_the_thread()
    assert pieces == ["a", "b", "c"]


def test_what_cannot_be_loaded_is_left_to_the_drawing(
    pieces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        pieces.append(name)
        raise ImportError(name)

    monkeypatch.setattr(warm_up.importlib, "import_module", fail)
    warm_up.begin(lambda _seconds: False)
    wait_for_the_thread()
    assert pieces == ["a"]


def test_what_is_loaded_already_needs_no_thread(pieces: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c", sys)
    warm_up.begin(lambda _seconds: False)
    wait_for_the_thread()
    assert pieces == []
