"""The history outlives the process: crashes, foreign and damaged databases, unwritable folders."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.contract.conftest import Profiler

pytestmark = pytest.mark.any_version

BASE_TABLES = """
create table profiler_runs (id integer primary key, timestamp text, name text, workflow_hash text,
  global_comment text, total_time real);
create table profiler_steps (id integer primary key, run_id integer, node_id integer, node_title text,
  node_type text, vram_start integer, vram_max integer, vram_end integer, exec_time real, cpu_max real,
  gpu_load_max real, gpu_load_avg real, inputs_json text, step_comment text);
create table profiler_groups (id integer primary key, name text, color text, description text);
create table profiler_group_members (group_id integer, node_id integer);
insert into profiler_runs values (41, '2024-05-06T07:08:09', 'old run', 'abc', 'from before', 12.5);
insert into profiler_steps values (7, 41, 3, 'KSampler', 'KSampler', 1, 2, 3, 11.25, 99.0, 98.0, 97.0,
  '{"seed": 1}', 'slow');
insert into profiler_groups values (5, 'old group', '#112233', 'kept');
insert into profiler_group_members values (5, 3);
"""


def short(text: str) -> Scene:
    scene = Scene()
    scene.start(run_name=text)
    scene.show(scene.add("Pass", id="1", value=text), id="2")
    scene.report()
    return scene


def rows(database: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(question).fetchall()


def test_killed_mid_run_reads_crashed(start_comfyui, tmp_path: Path) -> None:
    server: Server = start_comfyui()
    scene = Scene()
    scene.start(run_name="doomed")
    first = scene.add("Sleep", id="first", value="a", ms=50)
    second = scene.add("Sleep", id="second", value=first, ms=50)
    scene.show(scene.add("InterruptibleSleep", id="fatal", value=second, ms=600_000))
    client = server.client
    prompt_id = client.queue(scene.prompt)

    def on_disk() -> bool:
        if not server.database.exists():
            return False
        try:
            done = rows(server.database, "select node_id from profiler_steps where exec_time is not null")
        except sqlite3.OperationalError:  # the tables are being made
            return False
        return {("first",), ("second",)} <= set(done)

    wait_for(on_disk, "the finished steps on disk while the run goes on")
    assert rows(server.database, "select status from profiler_runs") == [("running",)]
    wait_for(
        lambda: rows(server.database, "select running_node_id from profiler_runs") == [("fatal",)],
        "the running node on disk",
    )
    server.kill()

    again: Server = start_comfyui(base=server.base)

    def closed() -> object:
        runs = again.client.get("/holaf/profiler/runs")["runs"]
        return next((run for run in runs if run["status"] != "running"), None)

    run = wait_for(closed, "the crashed run")
    assert (run["status"], run["name"], run["prompt_id"]) == ("crashed", "doomed", prompt_id)
    assert run["running_node_id"] == "fatal"
    steps = {step["node_id"]: step for step in again.client.get(f"/holaf/profiler/runs/{run['id']}")["steps"]}
    assert steps["first"]["exec_time"] >= 0.05
    assert steps["second"]["status"] == "ok"
    profile = Profiler(again).run(short("after the crash"))
    assert profile.run["status"] == "success"


def test_database_with_only_the_base_tables(start_comfyui, tmp_path: Path) -> None:
    server = _prepared(tmp_path / "comfyui", start_comfyui)
    profile = Profiler(server).run(short("new run"))
    assert profile.outcome.status == "success"
    assert profile.run["id"] > 41
    runs = {run["id"]: run for run in server.client.get("/holaf/profiler/runs")["runs"]}
    assert runs[41]["name"] == "old run"
    assert runs[41]["total_time"] == 12.5
    (step,) = server.client.get("/holaf/profiler/runs/41")["steps"]
    assert (step["node_id"], step["exec_time"], step["step_comment"]) == ("3", 11.25, "slow")
    groups = server.client.get("/holaf/profiler/groups")["groups"]
    assert ("old group", ["3"]) in [(group["name"], group["members"]) for group in groups]


def _prepared(base: Path, start_comfyui) -> Server:
    folder = base / "user" / "default" / "ComfyUI-Holaf-Utilities" / "profiler"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "holaf_profiler.db") as database:
        database.executescript(BASE_TABLES)
    database.close()
    return start_comfyui(base=base)


def test_damaged_database_is_set_aside(start_comfyui, tmp_path: Path) -> None:
    folder = tmp_path / "comfyui" / "user" / "default" / "ComfyUI-Holaf-Utilities" / "profiler"
    folder.mkdir(parents=True)
    damage = b"SQLite format 3\0" + os.urandom(20_000)
    (folder / "holaf_profiler.db").write_bytes(damage)
    server = start_comfyui(base=tmp_path / "comfyui")
    profile = Profiler(server).run(short("on a fresh one"))
    assert profile.outcome.status == "success"
    assert profile.run["status"] == "success"
    aside = [path for path in folder.iterdir() if path.name.startswith("holaf_profiler") and path.is_file()]
    assert [path for path in aside if path.read_bytes() == damage]
    assert "damaged" in server.log_text()
    assert not server.pack_tracebacks()


def test_history_that_cannot_be_written(start_comfyui, tmp_path: Path) -> None:
    # a file where the folder should be: root may write into read-only folders, so those prove nothing
    (tmp_path / "comfyui" / "user" / "default").mkdir(parents=True)
    (tmp_path / "comfyui" / "user" / "default" / "ComfyUI-Holaf-Utilities").write_text("in the way")
    server = start_comfyui(base=tmp_path / "comfyui")
    scene = short("nowhere to go")
    outcome = server.client.run(scene.prompt)
    assert outcome.status == "success"
    assert outcome.outputs["2"]["text"] == ["nowhere to go"]
    sent = outcome.outputs["report"]["holaf_profiler"][0]
    assert "#1 " in sent["table"]
    assert sent["run_id"] == 0
    assert "rofiler" in server.log_text().split("got prompt")[1]
    assert not server.pack_tracebacks()
    status, answer = server.client.request("GET", "/holaf/profiler/runs")
    assert status < 500, answer


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_database(start_comfyui, tmp_path: Path) -> None:
    server = _prepared(tmp_path / "comfyui", start_comfyui)
    server.stop()
    for path in [server.database, server.database.parent]:
        path.chmod(path.stat().st_mode & ~0o222)
    again = start_comfyui(base=server.base)
    outcome = again.client.run(short("read-only").prompt)
    assert outcome.status == "success"
    assert outcome.outputs["2"]["text"] == ["read-only"]


def test_database_locked_by_another_process(comfyui: Server) -> None:
    Profiler(comfyui).run(short("before the lock"))
    locker = sqlite3.connect(comfyui.database, isolation_level=None)
    try:
        locker.execute("begin exclusive")
        outcome = comfyui.client.run(short("while locked").prompt)
        assert outcome.status == "success"
        assert outcome.outputs["2"]["text"] == ["while locked"]
    finally:
        locker.close()
    assert Profiler(comfyui).run(short("after the lock")).run["status"] == "success"


def test_rows_of_a_run_that_is_over_have_the_designed_columns(comfyui: Server, fresh: str) -> None:
    profile = Profiler(comfyui).run(short(fresh))
    (run,) = rows(
        comfyui.database,
        "select id, timestamp, name, workflow_hash, global_comment, total_time from profiler_runs "
        f"where id = {profile.run['id']}",
    )
    assert run[:3] == (profile.run["id"], profile.run["timestamp"], fresh)
    (step,) = rows(
        comfyui.database,
        "select typeof(node_id), node_title, node_type, vram_start, vram_max, vram_end, exec_time, cpu_max, "
        "gpu_load_max, gpu_load_avg, inputs_json, step_comment from profiler_steps "
        f"where run_id = {profile.run['id']} and node_id = '1'",
    )
    assert step[0] == "text"
    assert step[2] == "ProfilerTestPass"
    assert step[3:6] == (None, None, None)
    assert fresh in str(step[10])
