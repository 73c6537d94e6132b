"""A real ComfyUI whose history lies on a server that is mute or on a full disk: prompts do not notice."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.unit.store import postgres
from tests.unit.store.postgres import Postgres

pytestmark = pytest.mark.any_version

SLOWER_S = 8.0
"""What a prompt may take longer than with a history that answers: under any of the store's limits. A Compare,
which needs the history, waits two seconds for it."""
LONGER_END_S = 3.0
"""What ComfyUI's end may take longer; on a machine as busy as it is, hence the factor."""


@pytest.fixture(scope="module")
def one_postgres() -> Iterator[Postgres]:
    with postgres.running() as server:
        yield server


def scene(name: str) -> Scene:
    made = Scene()
    made.start(run_name=name)
    made.show(made.add("Pass", id="1", value=name), id="2")
    made.report()
    made.add("HolafProfilerCompare", id="compare", baseline="previous", candidate="this run", theme="dark")
    return made


def seconds(server: Server, name: str) -> float:
    """From ``POST /prompt`` to the prompt's end."""
    client = server.client
    begun_s = time.monotonic()
    prompt_id = client.queue(scene(name).prompt)
    client.wait(prompt_id)
    return time.monotonic() - begun_s


def end_seconds(server: Server) -> float:
    """From Ctrl+C to the end of ComfyUI."""
    begun_s = time.monotonic()
    os.kill(server.pid, signal.SIGINT)
    wait_for(lambda: not server.running, "the end of ComfyUI", 60.0)
    return time.monotonic() - begun_s


def wait_for_runs(server: Server, count: int) -> None:
    """Until that many runs are in the history, all of them whole."""

    def found() -> bool:
        runs = server.client.get("/holaf/profiler/runs")["runs"]
        return len(runs) == count and all(
            (run["status"], run["node_count"]) == ("success", 2) for run in runs
        )

    wait_for(found, f"{count} whole runs in the history", 60.0)


def usual_seconds(server: Server) -> float:
    """How long a prompt takes with a history that answers; two runs are in it then."""
    usual_s = max(seconds(server, "warm up"), seconds(server, "usual"))
    wait_for_runs(server, 2)
    return usual_s


def test_a_mute_server_holds_up_neither_prompts_nor_the_end(
    start_comfyui: Callable[..., Server], one_postgres: Postgres
) -> None:
    environment = {"HOLAF_PROFILER_DATABASE_URL": one_postgres.url}
    server = start_comfyui(environment=environment)
    usual_s = usual_seconds(server)
    one_postgres.pause()
    try:
        slowest_s = max(seconds(server, "mute 1"), seconds(server, "mute 2"))
        end_s = end_seconds(server)
    finally:
        one_postgres.go_on()
    assert slowest_s < usual_s + SLOWER_S
    server.start()
    wait_for_runs(server, 4)
    assert end_s < 2 * end_seconds(server) + LONGER_END_S


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a disk of its own, of 16 MB."""
    folder = tmp_path / "comfyui" / "user"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nobody but root may mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Take what is left of the disk."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_holds_up_neither_prompts_nor_the_end_and_loses_no_run(
    start_comfyui: Callable[..., Server], small_disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "spool").mkdir()
    server = start_comfyui(environment={"TMPDIR": str(tmp_path / "spool")})
    usual_s = usual_seconds(server)
    fill(small_disk / "ballast")
    slowest_s = max(seconds(server, "full 1"), seconds(server, "full 2"))
    wait_for(lambda: " is full." in server.log_text(), "a word about it in the log", 30.0)
    end_s = end_seconds(server)
    server.start()
    after_s = seconds(server, "full, restarted")
    end_s = max(end_s, end_seconds(server))
    assert slowest_s < usual_s + SLOWER_S
    assert after_s < usual_s + 2 * SLOWER_S  # a new process loads everything again
    (small_disk / "ballast").unlink()
    server.start()
    wait_for_runs(server, 5)
    assert end_s < 2 * end_seconds(server) + LONGER_END_S
