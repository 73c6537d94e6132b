"""A run's way into a history that does not answer: nothing on the prompt's way waits for it."""

from __future__ import annotations

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
"""Than the 25 s and 100 s that a server was waited for, and more than a busy machine adds to 200 ms."""
DRAFT = Run(timestamp="2026-05-01T10:00:00.000Z")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as running:
        yield running


def test_a_mute_server_is_waited_for_neither_by_a_prompt_nor_at_the_end(
    server: Postgres, hand_run: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host import users
    from engine.host.run import archive

    history = History(Database(server.url, folder=tmp_path))
    monkeypatch.setattr(users, "for_user", lambda user_id: history)
    monkeypatch.setattr(archive, "_writers", {})
    history.list_runs()
    server.pause()
    try:
        begun_s = time.monotonic()
        kept = archive.Archive("default")
        kept.begin(DRAFT, Ended())
        with pytest.raises(StoreAway):
            kept.ask(lambda asked: asked.groups_for("wf"), ())
        kept.settle(DRAFT)
        assert kept.run_id() is None
        assert time.monotonic() - begun_s < FAR_LESS_S
        kept.finish(Run(timestamp=DRAFT.timestamp, status="success", name="kept"))
        begun_s = time.monotonic()
        archive._finish_all()
        assert time.monotonic() - begun_s < 2 * FAR_LESS_S
        assert spool_file.exists(server.url, tmp_path)
    finally:
        server.go_on()
    history.close()
