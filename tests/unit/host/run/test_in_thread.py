"""Work beside the event loop, and what becomes of work that nobody waits for any more."""

from __future__ import annotations

import asyncio
import threading

import pytest

from engine.host.run.background import in_thread


def test_answers_and_errors_come_back() -> None:
    assert asyncio.run(in_thread(lambda text: text + "!", "done")) == "done!"
    with pytest.raises(SystemExit):
        asyncio.run(in_thread(lambda: (_ for _ in ()).throw(SystemExit("inside"))))


def test_work_that_was_given_up_ends_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    go = threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.current_thread())
        go.wait(10.0)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(in_thread(work), 0.05))
    go.set()
    threads[0].join(10.0)
    assert failures == []
