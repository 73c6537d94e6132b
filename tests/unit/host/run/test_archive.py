"""A run's way into a history that does not answer: nothing on the prompt's way waits for it."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model import Run
from engine.store import spool_file
from engine.store.database import Database
from engine.store.errors import StoreAway
from engine.store.history import History
from engine.store.run_file import Ended
from tests.unit.store import postgres
from tests.unit.store.postgres import Postgres

FAR_LESS_S = 3.0
"""Than the 25 s and 100 s that a server was waited for. How long this thread was ready to wait is known
exactly; this is for what it could not help, on a busy machine."""
DRAFT = Run(timestamp="2026-05-01T10:00:00.000Z")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as running:
        yield running


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long this thread was ready to wait, each time: for threads, events and answers."""
    waits: list[float] = []
    wait, join, own = threading.Condition.wait, threading.Thread.join, threading.current_thread()

    def note(timeout_s: float | None, caller: str) -> None:
        if threading.current_thread() is own and caller != "start":  # of a thread, which begins at once
            waits.append(math.inf if timeout_s is None else timeout_s)

    def waiting(condition: threading.Condition, timeout: float | None = None) -> bool:
        note(timeout, sys._getframe(2).f_code.co_name)
        return wait(condition, timeout)

    def joining(thread: threading.Thread, timeout: float | None = None) -> None:
        note(timeout, "")
        join(thread, timeout)

    monkeypatch.setattr(threading.Condition, "wait", waiting)
    monkeypatch.setattr(threading.Thread, "join", joining)
    return waits


def test_a_mute_server_is_waited_for_neither_by_a_prompt_nor_at_the_end(
    server: Postgres,
    hand_run: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    patience: list[float],
) -> None:
    from engine.host import users
    from engine.host.run import archive

    history = History(Database(server.url, folder=tmp_path))
    monkeypatch.setattr(users, "for_user", lambda user_id: history)
    monkeypatch.setattr(archive, "_writers", {})
    history.list_runs()
    server.pause()
    try:
        patience.clear()
        begun_s = time.monotonic()
        kept = archive.Archive("default")
        kept.begin(DRAFT, Ended())
        with pytest.raises(StoreAway):
            kept.ask(lambda asked: asked.groups_for("wf"), ())
        kept.settle(DRAFT)
        assert kept.run_id() is None
        assert time.monotonic() - begun_s < FAR_LESS_S
        assert patience
        assert max(patience) <= archive.PROMPT_WAIT_S == 0.2
        kept.finish(Run(timestamp=DRAFT.timestamp, status="success", name="kept"))
        patience.clear()
        begun_s = time.monotonic()
        archive._finish_all()
        assert sum(patience) <= archive.EXIT_S == 1.0
        assert time.monotonic() - begun_s < 2 * FAR_LESS_S
        assert spool_file.exists(server.url, tmp_path)
    finally:
        server.go_on()
    history.close()
