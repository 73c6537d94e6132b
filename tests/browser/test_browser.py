"""The browser tests: node drives a real Chromium against the session's real ComfyUI.

What is tried is written in the ``*.test.mjs`` files beside this one; here they get a
server, a history of a thousand runs, and a way to restart the server.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.comfyui.browser import obstacle
from tests.comfyui.server import Server

HERE = Path(__file__).parent
RUNS = 1000
TIMEOUT_S = 900


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Skip, with the reason, where there is no node, no Chromium or no playwright-core."""
    reason = obstacle()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def server(comfyui: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The session's ComfyUI with a thousand old runs in its history."""
    file = tmp_path_factory.mktemp("history") / "old.db"
    write_history(file)
    request = urllib.request.Request(
        f"{comfyui.url}/holaf/profiler/history/import",
        data=file.read_bytes(),
        headers={"Content-Type": "application/octet-stream"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        assert answer.status == 200
    return comfyui


@pytest.fixture(scope="session")
def restarter(server: Server) -> Iterator[str]:
    """An address; a POST there restarts ComfyUI on its port and answers when it is back."""

    class Restart(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.kill()
            server.start()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    control = ThreadingHTTPServer(("127.0.0.1", 0), Restart)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{control.server_port}/"
    control.shutdown()


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_in_chromium(name: str, server: Server, restarter: str) -> None:
    """Every test of one file passes; its output is shown where one does not."""
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", str(HERE / name)],
        env={**os.environ, "COMFYUI_URL": server.url, "RESTART_URL": restarter, "NODE_NO_WARNINGS": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, f"{name} failed:\n{done.stdout}\n{done.stderr}"
    assert "ℹ pass 0" not in done.stdout, "no test ran"


def write_history(file: Path) -> None:
    """A profiler database of another program: base tables only, ``RUNS`` runs of three steps."""
    with sqlite3.connect(file) as database:
        database.executescript(
            """
            CREATE TABLE profiler_runs (id INTEGER PRIMARY KEY, timestamp TEXT, name TEXT, workflow_hash TEXT,
                global_comment TEXT, total_time REAL);
            CREATE TABLE profiler_steps (id INTEGER PRIMARY KEY, run_id INTEGER, node_id INTEGER,
                node_title TEXT, node_type TEXT, vram_start INTEGER, vram_max INTEGER, vram_end INTEGER,
                exec_time REAL,
                cpu_max REAL, gpu_load_max REAL, gpu_load_avg REAL, inputs_json TEXT, step_comment TEXT);
            CREATE TABLE profiler_groups (id INTEGER PRIMARY KEY, name TEXT, color TEXT, description TEXT);
            CREATE TABLE profiler_group_members (group_id INTEGER, node_id INTEGER);
            """
        )
        for run in range(1, RUNS + 1):
            database.execute(
                "INSERT INTO profiler_runs VALUES (?, ?, ?, ?, ?, ?)",
                (
                    run,
                    f"2020-01-{1 + run % 28:02}T{run % 24:02}:00:00",
                    f"imported {run - 1:04}",
                    "old",
                    "from another program",
                    1.0 + run / 100,
                ),
            )
            for node in range(1, 4):
                database.execute(
                    "INSERT INTO profiler_steps (run_id, node_id, node_title, node_type, vram_max, exec_time)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (run, node, f"Node {node}", "KSampler", node * 1024**3, 0.3 * node),
                )
