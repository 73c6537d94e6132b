"""A Compare, a Trend or a Budget whose history is mute, or whose drawing goes wrong: the prompt goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from engine.store.errors import StoreAway


@pytest.fixture
def bounded(hand_run: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What the nodes do with a piece of work and a history, with short limits."""
    from engine.host.report import waiting

    monkeypatch.setattr(waiting, "ANSWER_S", 0.05)
    monkeypatch.setattr(waiting, "LIMIT_S", 0.05)
    return lambda work, history=None: asyncio.run(waiting.bounded(work, history))


def test_a_mute_history_is_given_up_before_the_work_begins(bounded: Callable[..., Any]) -> None:
    release, begun = threading.Event(), threading.Event()
    mute = SimpleNamespace(
        list_runs=lambda **_wanted: release.wait(60), database=SimpleNamespace(where="a server")
    )
    with pytest.raises(StoreAway, match="a server does not answer"):
        bounded(begun.set, mute)
    assert not begun.is_set()
    release.set()


def test_work_that_hangs_or_ends_its_thread_is_told_in_words(bounded: Callable[..., Any]) -> None:
    from engine.host.report.waiting import CannotTellError

    release = threading.Event()
    with pytest.raises(CannotTellError, match="not done in"):
        bounded(lambda: release.wait(60))
    release.set()

    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(CannotTellError, match="3"):
        bounded(leave)
    assert bounded(lambda: "found", SimpleNamespace(list_runs=lambda **_wanted: ([], 0))) == "found"
