"""Runs by hand, and the base tables as another program would make them."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from engine.model import Run, Step
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter

BASE_TABLES = """
CREATE TABLE profiler_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL NOT NULL, name TEXT,
    workflow_hash TEXT, global_comment TEXT, total_time REAL, mood TEXT DEFAULT 'calm');
CREATE TABLE profiler_steps (id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES profiler_runs (id) ON DELETE CASCADE,
    node_id INTEGER, node_title TEXT, node_type TEXT, vram_start INTEGER, vram_max INTEGER,
    vram_end INTEGER, exec_time REAL NOT NULL, cpu_max REAL, gpu_load_max REAL, gpu_load_avg REAL,
    inputs_json TEXT, step_comment TEXT, own_blob BLOB NOT NULL);
CREATE TABLE profiler_groups (id INTEGER PRIMARY KEY, name TEXT UNIQUE, color TEXT, description TEXT);
CREATE TABLE profiler_group_members (group_id INTEGER, node_id INTEGER, PRIMARY KEY (group_id, node_id));
CREATE INDEX own_types ON profiler_steps (node_type) WHERE node_type IS NOT NULL;
CREATE INDEX own_titles ON profiler_steps (lower(node_title));
CREATE VIEW own_view AS SELECT node_id, exec_time FROM profiler_steps;
CREATE TABLE somebody_elses (x);
INSERT INTO profiler_runs VALUES (3, 1700000000.25, 'old run', 'abc', 'a comment', 12.5, 'fine');
INSERT INTO profiler_steps VALUES (5, 3, 7, 'Sampler', 'KSampler', 100, 300, 200, 9.5, 50, 99, 90,
    '{"seed": 1}', 'slow', x'0102');
INSERT INTO profiler_steps VALUES (6, 3, 8, 'Decode', 'VAEDecode', 200, 900, 250, 2.5, 60, 80, 70,
    '{}', '', x'');
INSERT INTO profiler_groups VALUES (1, 'sampling', '#112233', 'the loop');
INSERT INTO profiler_group_members VALUES (1, 7);
INSERT INTO somebody_elses VALUES ('kept');
CREATE TRIGGER own_trigger AFTER INSERT ON profiler_steps
    BEGIN UPDATE profiler_runs SET mood = 'busy' WHERE id = new.run_id; END;
"""


def child_environment() -> dict[str, str]:
    """For processes that import the pack: what this one sees, and the checkout."""
    places = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}


def make_base_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(BASE_TABLES)
    connection.close()


on_both_stores = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""For a test whose history may lie in a file or on a server."""


def query(place: Path | Database, sql: str) -> list[tuple[object, ...]]:
    """What a connection of its own sees."""
    if isinstance(place, Database) and "://" in place.url:
        engine = create_engine(place.url)
        with engine.connect() as server:
            found = [tuple(row) for row in server.exec_driver_sql(sql)]
        engine.dispose()
        return found
    connection = sqlite3.connect(place.url if isinstance(place, Database) else place)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def a_run(**fields: object) -> Run:
    values: dict[str, object] = {
        "timestamp": "2026-05-01T10:00:00.000Z",
        "workflow_id": "wf-1",
        "status": "success",
        "total_time": 3.0,
    }
    return Run(**{**values, **fields})  # type: ignore[arg-type]


def a_step(node_id: str, position: int = 0, **fields: object) -> Step:
    values: dict[str, object] = {
        "node_type": "Node",
        "node_title": f"Node {node_id}",
        "start_s": float(position),
        "end_s": position + 1.0,
        "exec_time": 1.0,
    }
    return Step(node_id=node_id, position=position, **{**values, **fields})  # type: ignore[arg-type]


class ByHand:
    """A run that goes on, written by hand. ``running`` is ``(node id, seconds so far)``."""

    def __init__(self, *steps: Step, running: tuple[str, float] | None = None) -> None:
        self.steps = list(steps)
        self.running = running

    @property
    def finished_count(self) -> int:
        return len(self.steps)

    def steps_since(self, count: int) -> list[Step]:
        return self.steps[count:]

    def busy_with(self) -> tuple[str, float] | None:
        return self.running


def record(writer: RunWriter, run: Run) -> int:
    """Put a whole run on disk; returns its id."""
    handle = writer.begin(replace(run, status="running", total_time=None), ByHand())
    handle.finish(run)
    run_id = handle.wait(30.0)
    assert run_id is not None, handle.errors
    return run_id


def group_totals(history: History, run_id: int) -> list[dict[str, Any]]:
    """The rows of the view ``profiler_group_totals`` for a run, as other programs read them."""
    query = "SELECT * FROM profiler_group_totals WHERE run_id = :run_id ORDER BY exec_time DESC, group_id"
    with history.database.read() as connection:
        return [dict(row) for row in connection.execute(text(query), {"run_id": run_id}).mappings()]
