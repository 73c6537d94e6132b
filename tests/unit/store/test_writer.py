"""Runs on their way to disk: what is there while they go on, and what comes back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from engine.model import Group, Run, Series
from engine.store.database import Database
from engine.store.errors import StoreFull
from engine.store.history import History
from engine.store.spool import Spool
from engine.store.writer import RunWriter
from tests import builders
from tests.unit.store.help import ByHand, a_run, a_step, on_both_stores, query, record


def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Wait for the writer's thread to get somewhere."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never happened"
        time.sleep(0.02)


def comparable(run: Run) -> Run:
    """Without what only the database decides: ids, the writer's own cost, the order of series."""
    return replace(
        run,
        id=None,
        uuid=None,
        steps=tuple(replace(step, id=None) for step in run.steps),
        groups=tuple(replace(group, id=None) for group in run.groups),
        series=tuple(sorted(run.series, key=lambda each: (each.metric, each.device or ""))),
        overhead=replace(run.overhead, writer_s=None),
    )


@on_both_stores
@pytest.mark.parametrize(
    "build",
    [
        builders.sdxl_run,
        builders.two_gpu_run,
        builders.async_run,
        builders.failed_run,
        builders.all_cached_run,
        builders.hostile_run,
        builders.empty_run,
    ],
)
def test_a_run_comes_back_as_it_was(writer: RunWriter, history: History, build: Callable[[], Run]) -> None:
    run = build()
    run = replace(
        run,
        workflow_id="wf",
        steps=builders.positioned(run.steps),
        groups=tuple(
            replace(group, workflow_id="wf", source_node_id=str(number))
            for number, group in enumerate(run.groups)
        ),
        prompt={"1": {"class_type": "Ü", "inputs": {}}},
        workflow={"id": "wf", "nodes": []},
        environment={"torch.version": "2.11", "ü": "\u2028"},
    )
    expected = comparable(run)
    loaded = comparable(history.load_run(record(writer, run)))
    for field in fields(Run):
        stored, meant = getattr(loaded, field.name), getattr(expected, field.name)
        if "://" in history.database.url:  # PostgreSQL has no text with a NUL in it
            assert repr(stored) == repr(meant).replace(r"\x00", "\N{SYMBOL FOR NULL}"), field.name
        else:
            assert stored == meant, field.name


def test_rows_are_on_disk_while_the_run_goes_on(database: Database, writer: RunWriter) -> None:
    path = Path(database.url)
    told = ByHand(a_step("1", inputs_json='{"a": 1}'), running=("7:3", 0.6))
    handle = writer.begin(a_run(status="running"), told)
    until(lambda: handle.run_id is not None)
    until(lambda: query(path, "SELECT running_node_id FROM profiler_runs") == [("7:3",)])
    assert query(path, "SELECT status FROM profiler_runs") == [("running",)]
    assert query(path, "SELECT node_id, inputs_json FROM profiler_steps") == [("1", '{"a": 1}')]


def test_a_node_that_ended_is_not_the_running_one(database: Database, writer: RunWriter) -> None:
    path = Path(database.url)
    told = ByHand(running=("1", 0.6))
    handle = writer.begin(a_run(status="running"), told)
    until(lambda: query(path, "SELECT running_node_id FROM profiler_runs") == [("1",)])
    told.running = None
    told.steps.append(a_step("1"))
    assert handle.wait(30.0) is not None
    assert query(path, "SELECT running_node_id FROM profiler_runs") == [(None,)]


@on_both_stores
def test_final_values_replace_early_ones_but_not_a_comment(writer: RunWriter, history: History) -> None:
    told = ByHand(a_step("1", 0, status="running", exec_time=None), a_step("guess", 1))
    handle = writer.begin(a_run(status="running"), told)
    run_id = handle.wait(30.0)
    assert run_id is not None
    early = history.step_rows(run_id)
    history.update_step(early[0]["id"], step_comment="odd")
    handle.finish(a_run(steps=(a_step("1", 0, gpu_load_max=98.5), a_step("2", 1))))
    assert handle.wait(30.0) == run_id
    rows = history.step_rows(run_id)
    assert [(row["node_id"], row["status"], row["gpu_load_max"], row["step_comment"]) for row in rows] == [
        ("1", "ok", 98.5, "odd"),
        ("2", "ok", None, ""),
    ]
    assert rows[0]["id"] == early[0]["id"]


@on_both_stores
def test_samples_come_in_chunks_and_the_end_adds_the_rest(writer: RunWriter, history: History) -> None:
    whole = Series(
        metric="load",
        unit="%",
        device="cuda:0",
        t_s=(1.0, 2.0, 3.0),
        value=(5, 6, 7),
        start_s=(0.0, 1.0, 2.0),
    )
    other = Series(metric="ram_bytes", unit="B", t_s=(0.5,), value=(123456789012.0,))
    handle = writer.begin(a_run(status="running"), ByHand())
    begun = replace(whole, t_s=whole.t_s[:2], value=whole.value[:2], start_s=whole.start_s[:2])
    handle.settle(a_run(series=(begun,)))
    assert handle.wait(30.0) is not None
    handle.finish(a_run(series=(whole, other)))
    run_id = handle.wait(30.0)
    assert run_id is not None
    assert history.load_run(run_id).series == (whole, other)
    assert history.load_run(run_id, with_series=False).series == ()


@on_both_stores
def test_values_that_no_database_takes_are_made_plain(writer: RunWriter, history: History) -> None:
    title = "half a pair \ud83d and \0 nothing"
    steps = (
        a_step("1", 0, node_title=title, vram_max=np.int64(7), read_bytes=2**70, error_message=title),
        a_step("2", 1, exec_time=np.float32(0.5)),
    )
    run_id = record(writer, a_run(name=title, steps=steps, warnings=(title,), error_type=title))
    first, second = history.load_run(run_id).steps
    assert first.node_title == "half a pair ? and \u2400 nothing"
    assert (first.vram_max, first.read_bytes, second.exec_time) == (7, 2**63 - 1, 0.5)


@on_both_stores
def test_totals_of_a_run_count_its_own_nodes_only(writer: RunWriter, history: History) -> None:
    steps = (
        a_step("1", 0, vram_max=50, ram_max_bytes=10, cpu_seconds=2.0, gpu_load_avg=100.0, exec_time=3.0),
        a_step("2", 1, vram_max=70, cpu_seconds=1.0, gpu_load_avg=0.0, exec_time=1.0),
        a_step("3", 2, role="profiler", vram_max=999, cpu_seconds=9.0),
        a_step("4", 3, status="cached", exec_time=None),
        a_step("5", 4, shared=True, cpu_seconds=5.0, exec_time=None),
    )
    row = history.run_row(record(writer, a_run(steps=steps)))
    names = ("node_count", "cached_count", "vram_max", "ram_max_bytes", "cpu_seconds", "gpu_load_avg")
    assert [row[name] for name in names] == [4, 1, 70, 10, 3.0, 75.0]


@on_both_stores
def test_environment_and_workflow_are_stored_once(database: Database, writer: RunWriter) -> None:
    run = a_run(environment={"torch.version": "2"}, prompt={"1": {}}, workflow={"id": "x"})
    for _ in range(3):
        record(writer, run)
    record(writer, replace(run, environment={"torch.version": "3"}))
    assert query(database, "SELECT count(*) FROM profiler_environments") == [(2,)]
    assert query(database, "SELECT count(*) FROM profiler_workflows") == [(1,)]


@on_both_stores
def test_group_nodes_keep_their_group_over_runs(writer: RunWriter, history: History) -> None:
    group = Group(name="load", members=("1", "2"), workflow_id="wf-1", source_node_id="50", color="#ff0000")
    steps = tuple(a_step(node_id, place) for place, node_id in enumerate("123"))
    record(writer, a_run(groups=(group,), steps=steps))
    own = history.create_group(name="mine", members=["3"], workflow_id="wf-1", user_id="default")
    changed = replace(group, name="loaders", members=("2", "3"))
    run_id = record(writer, a_run(groups=(changed,), steps=steps))
    assert [(each.name, each.members) for each in history.load_run(run_id).groups] == [
        ("loaders", ("2", "3")),
        ("mine", ("3",)),
    ]
    assert [row["id"] for row in history.list_groups("wf-1")] == [1, own["id"]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


@pytest.mark.parametrize("free_bytes", [0, 5 * 4096, 20 * 4096])
def test_a_disk_full_from_the_start_is_named(small_disk: Path, free_bytes: int) -> None:
    """With a few pages left, SQLite fails in other words than with none."""
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        fill(ballast)
    os.truncate(ballast, ballast.stat().st_size - free_bytes)
    history = History(Database(small_disk / "history.db"))
    with pytest.raises(StoreFull, match="Free some space"):
        history.list_runs()
    ballast.unlink()
    assert history.list_runs() == ([], 0)
    history.close()


def test_a_full_disk_is_named_and_the_run_waits_for_space(small_disk: Path) -> None:
    database = Database(small_disk / "history.db")
    writer = RunWriter(database)
    handle = writer.begin(a_run(name="big", status="running"), ByHand())
    assert handle.wait(30.0) is not None
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        fill(ballast)
    text = json.dumps({"text": "long " * 2000})
    handle.finish(a_run(name="big", steps=tuple(a_step(str(n), n, inputs_json=text) for n in range(20))))
    until(lambda: bool(handle.errors))
    assert "is full" in handle.errors[0]
    ballast.unlink()
    run_id = handle.wait(30.0)
    assert run_id is not None
    assert len(History(database).step_rows(run_id)) == 20
    writer.close()
    database.close()


def test_whatever_goes_wrong_stays_with_the_handle(database: Database, writer: RunWriter) -> None:
    database.open()
    connection = sqlite3.connect(database.url)
    connection.execute("DROP TABLE profiler_steps")
    connection.commit()
    connection.close()
    handle = writer.begin(a_run(status="running"), ByHand(a_step("1")))
    handle.finish(a_run(steps=(a_step("1"),)))
    assert handle.wait(30.0) is None
    assert "profiler_steps" in handle.errors[0]


def test_nothing_runs_before_the_first_run_and_after_the_last(
    writer: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(threading.enumerate())

    def threads() -> int:
        return sum(
            thread.name == "holaf-profiler-writer" for thread in threading.enumerate() if thread not in before
        )

    monkeypatch.setattr("engine.store.writer.IDLE_S", 0.05)
    assert threads() == 0
    record(writer, a_run())
    until(lambda: threads() == 0)
    record(writer, a_run())
    assert writer.cpu_s > 0.0
    until(lambda: threads() == 0)


@pytest.mark.parametrize("part", ["checkpoint", "deliver"])
def test_an_unexpected_failure_after_one_run_does_not_end_the_writing_of_later_ones(
    part: str, database: Database, writer: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread ended and was never started again, so that no later run was kept until a restart."""

    failed = threading.Event()

    def fail(*_args: object) -> int:
        failed.set()
        raise ValueError("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(*((Database, "checkpoint") if part == "checkpoint" else (Spool, "deliver")), fail)
        first = writer.begin(a_run(status="running"), ByHand())
        first.finish(a_run(name="first"))
        assert failed.wait(30.0)
    assert record(writer, a_run(name="second")) > 0
