"""Runs that were only noted stand in the history once, apart from those that were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.model import Run
from engine.store import noted
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import on_both_stores, record

RUN = Run(timestamp="2026-05-31T14:00:00.000Z", status="success", total_time=2.0, profiled=False)
PROMPT = {"1": {"class_type": "A", "inputs": {"seed": 1}}}


def runs(count: int) -> list[Run]:
    return [replace(RUN, prompt_id=f"p{n}", uuid=f"u{n}", prompt=PROMPT) for n in range(count)]


@on_both_stores
def test_each_prompt_once(database: Database) -> None:
    history = History(database)
    measured = record(RunWriter(database), replace(RUN, profiled=True, prompt_id="p1"))
    assert noted.add(database, runs(120)) == 119
    assert noted.add(database, runs(121)) == 1
    listed, total = history.list_runs(profiled=False, limit=1000)
    assert total == 120
    assert not any(row["profiled"] for row in listed)
    assert history.workflow_of(listed[0]["id"])["prompt"] == PROMPT
    assert [row["id"] for row in history.list_runs(profiled=True)[0]] == [measured]
    assert history.load_run(listed[0]["id"]).profiled is False


def test_a_deleted_one_does_not_come_back(tmp_path: Path) -> None:
    history = History(Database(str(tmp_path / "h.db")))
    noted.add(history.database, runs(1))
    history.delete_run(1)
    assert noted.add(history.database, runs(1)) == 0
