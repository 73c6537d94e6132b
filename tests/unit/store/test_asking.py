"""Questions to a history that may not take long."""

from __future__ import annotations

import threading

import pytest

from engine.store.asking import Asker
from engine.store.errors import NotInHistory, StoreAway


def test_answers_and_errors_come_back_as_they_are() -> None:
    asker = Asker(lambda: "here")
    assert asker.within(30.0, lambda: 5) == 5

    def unknown() -> None:
        raise NotInHistory("there is no run 3")

    with pytest.raises(NotInHistory, match="no run 3"):
        asker.within(30.0, unknown)


def test_as_long_as_one_question_is_late_no_other_is_asked() -> None:
    asker, answered, asked = Asker(lambda: "here"), threading.Event(), []
    with pytest.raises(StoreAway, match="here does not answer"):
        asker.within(0.0, answered.wait)
    with pytest.raises(StoreAway):
        asker.within(30.0, lambda: asked.append("a second one"))
    assert asked == []
    late = next(each for each in threading.enumerate() if each.name == "holaf-profiler-question")
    answered.set()
    late.join(30.0)
    assert asker.within(30.0, lambda: "again") == "again"
