"""Another history is taken in over HTTP, and no other file is read."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.comfyui.client import ROUTES, Client, refused
from tests.comfyui.server import Server

_NOT_READ = ((403, "forbidden_path"), (404, "not_found"), (400, "invalid_request"))


def foreign_history(file: Path) -> None:
    """A database as another program would have made it: the base tables only, whole numbers as node ids."""
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(
            """
            CREATE TABLE profiler_runs (id INTEGER PRIMARY KEY, timestamp TEXT, name TEXT, workflow_hash TEXT,
                global_comment TEXT, total_time REAL);
            CREATE TABLE profiler_steps (id INTEGER PRIMARY KEY, run_id INTEGER, node_id INTEGER,
                node_title TEXT, node_type TEXT, vram_start INTEGER, vram_max INTEGER, vram_end INTEGER,
                exec_time REAL, cpu_max REAL, gpu_load_max REAL, gpu_load_avg REAL,
                inputs_json TEXT, step_comment TEXT);
            CREATE TABLE profiler_groups (id INTEGER PRIMARY KEY, name TEXT, color TEXT, description TEXT);
            CREATE TABLE profiler_group_members (group_id INTEGER, node_id INTEGER);
            INSERT INTO profiler_runs VALUES (1, '2020-01-01T00:00:00', 'from elsewhere', 'h', '', 2.5);
            INSERT INTO profiler_steps VALUES
                (1, 1, 3, 'KSampler', 'KSampler', 1, 2, 1, 2.5, 1, 1, 1, '{}', '');
            """
        )


def test_another_history_is_imported_from_a_folder_or_sent(
    client: Client, comfyui: Server, tmp_path: Path
) -> None:
    file = comfyui.base / "input" / "other history.db"
    foreign_history(file)
    counts = client.post(f"{ROUTES}/history/import", {"path": "other history.db"})
    assert (counts["runs"], counts["steps"]) == (1, 1)
    found = client.get(f"{ROUTES}/runs?q=from%20elsewhere")["runs"]
    assert [(run["name"], run["total_time"]) for run in found] == [("from elsewhere", 2.5)]
    steps = client.get(f"{ROUTES}/runs/{found[0]['id']}")["steps"]
    assert [(step["node_id"], step["vram_max"]) for step in steps] == [("3", 2)]
    status, again = client.request(
        "POST", f"{ROUTES}/history/import", file.read_bytes(), {"Content-Type": "application/octet-stream"}
    )
    assert (status, again["runs"], again["skipped_runs"]) == (200, 0, 1)


def test_files_elsewhere_are_not_read(client: Client, comfyui: Server, tmp_path: Path) -> None:
    outside = tmp_path / "outside.db"
    foreign_history(outside)
    names = [str(outside), "../outside.db", "/etc/passwd", "a\0b", str(comfyui.base / "user" / "x.db")]
    if os.name != "nt":
        (comfyui.base / "input" / "link.db").symlink_to(outside)
        names.append("link.db")
    for name in names:
        status, kind = refused(client, "POST", "history/import", {"path": name})
        assert (status, kind) in _NOT_READ, name
    assert refused(client, "POST", "history/import", {"path": "not there.db"}) == (404, "not_found")
    assert client.get(f"{ROUTES}/runs?q=outside")["total"] == 0
