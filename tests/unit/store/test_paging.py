"""Pages deep in a long list, found from places that are known already: the same as read from the top."""

from __future__ import annotations

import random
import threading

import pytest
from sqlalchemy import Connection, insert

from engine.store import paging, schema
from engine.store.database import Database
from engine.store.history import History
from engine.store.queries import run_list
from engine.store.queries.run_list import Place, RunFilter
from tests.unit.store.help import on_both_stores

pytestmark = on_both_stores
RUNS = 3000


def insert_runs(database: Database, count: int, day: int) -> None:
    """Runs of one day; many began in the same moment."""
    chance = random.Random(day)
    values = [
        {
            "timestamp": f"2026-01-{day:02d}T{chance.randrange(24):02d}:{chance.randrange(10):02d}:00.000Z",
            "status": "success",
            "user_id": chance.choice(("alice", "bob")),
        }
        for _ in range(count)
    ]
    with database.write() as connection:  # as another process does
        connection.execute(insert(schema.runs), values)


@pytest.fixture
def long(database: Database, history: History, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setattr(paging, "LARGE", 100)
    monkeypatch.setattr(paging, "NEAR", 20)
    insert_runs(database, RUNS, 1)
    return history


@pytest.fixture
def skipped(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs were walked over for each page."""
    seen: list[int] = []
    walk = run_list.walk

    def counting(
        connection: Connection,
        wanted: RunFilter,
        start: Place | None,
        *,
        newest_first: bool,
        skip: int,
        limit: int,
    ) -> list[Place]:
        seen.append(skip)
        return walk(connection, wanted, start, newest_first=newest_first, skip=skip, limit=limit)

    monkeypatch.setattr(run_list, "walk", counting)
    return seen


def ids(history: History, sort: str, user_id: str | None, offset: int, limit: int = 10) -> list[int]:
    return [run["id"] for run in history.list_runs(user_id, sort=sort, offset=offset, limit=limit)[0]]


def from_the_top(database: Database, sort: str, user_id: str | None) -> list[int]:
    with database.read() as connection:
        return run_list.ids(connection, RunFilter(user_id=user_id), sort=sort, limit=2 * RUNS, offset=0)


@pytest.mark.parametrize("user_id", [None, "alice"])
@pytest.mark.parametrize("sort", ["-timestamp", "timestamp"])
def test_any_page_is_the_one_read_from_the_top_and_few_runs_are_walked_over(
    database: Database, long: History, skipped: list[int], sort: str, user_id: str | None
) -> None:
    chance = random.Random(sort)
    for day in (2, 3):
        expected = from_the_top(database, sort, user_id)
        for _ in range(60):
            offset = chance.randrange(len(expected) + 20)
            assert ids(long, sort, user_id, offset) == expected[offset : offset + 10], offset
        # New runs change no place, whether another process or this one wrote them.
        insert_runs(database, 50, day)
    assert skipped
    assert max(skipped) <= len(expected) / 2
    assert max(skipped[-20:]) <= len(expected) / 8


def test_the_page_after_a_deep_one_is_next_to_it(long: History, skipped: list[int]) -> None:
    ids(long, "-timestamp", None, RUNS // 2)
    ids(long, "-timestamp", None, RUNS // 2 + 10)
    ids(long, "-timestamp", None, RUNS // 2 - 10)
    assert skipped[0] > RUNS // 3
    assert max(skipped[1:]) <= 20


def test_runs_without_a_date_are_paged_as_ever(database: Database, long: History, skipped: list[int]) -> None:
    with database.write() as connection:
        connection.execute(insert(schema.runs), [{"name": "undated"}] * 30)
    expected = from_the_top(database, "-timestamp", None)
    assert ids(long, "-timestamp", None, RUNS + 10) == expected[RUNS + 10 : RUNS + 20]
    assert (
        ids(long, "timestamp", None, RUNS + 10) == from_the_top(database, "timestamp", None)[RUNS + 10 :][:10]
    )
    assert skipped == []


def test_deletions_by_this_process_show_at_once(database: Database, long: History) -> None:
    ids(long, "-timestamp", None, RUNS // 2)
    for run_id in from_the_top(database, "-timestamp", None)[-300:]:
        long.delete_run(run_id)
    expected = from_the_top(database, "-timestamp", None)
    assert ids(long, "-timestamp", None, RUNS // 2) == expected[RUNS // 2 :][:10]


def test_no_page_waits_for_a_large_list_that_is_counted_anew(
    long: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "FRESH_S", 0.0)
    monkeypatch.setattr(paging, "PATIENCE_S", 0.01)
    count, go_on = run_list.count, threading.Event()
    assert long.list_runs(limit=1)[1] == RUNS

    def slow(connection: Connection, wanted: RunFilter, *, after_id: int | None = None) -> int:
        if after_id is None:
            assert go_on.wait(60.0)
        return count(connection, wanted, after_id=after_id)

    monkeypatch.setattr(run_list, "count", slow)
    try:
        assert [long.list_runs(limit=1)[1] for _ in range(3)] == [RUNS] * 3
    finally:
        go_on.set()


def test_a_list_that_ends_on_its_first_page_is_not_counted(
    long: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(run_list, "count")
    assert long.list_runs(status="failed") == ([], 0)
    assert long.list_runs(limit=RUNS + 1, offset=99)[1] == RUNS
