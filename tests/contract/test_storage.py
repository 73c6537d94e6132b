"""A real ComfyUI whose history lies on a server that is mute, killed or back: prompts do not notice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.unit.store import postgres
from tests.unit.store.postgres import Postgres

SLOWER_S = 3.0
"""What a prompt may take longer than with a history that answers: well under any of the store's limits."""
END_S = 5.0
"""ComfyUI's own end and 3 s."""


@pytest.fixture(scope="module")
def one_postgres() -> Iterator[Postgres]:
    with postgres.running() as server:
        yield server


def scene(name: str) -> Scene:
    made = Scene()
    made.start(run_name=name)
    made.show(made.add("Pass", id="1", value=name), id="2")
    made.report()
    return made


def seconds(server: Server, name: str) -> float:
    """From ``POST /prompt`` to the prompt's end."""
    client = server.client
    begun_s = time.monotonic()
    prompt_id = client.queue(scene(name).prompt)
    client.wait(prompt_id)
    return time.monotonic() - begun_s


def test_a_mute_server_holds_up_neither_prompts_nor_the_end(
    start_comfyui: Callable[..., Server], one_postgres: Postgres
) -> None:
    environment = {"HOLAF_PROFILER_DATABASE_URL": one_postgres.url}
    server = start_comfyui(environment=environment)
    usual_s = max(seconds(server, "warm up"), seconds(server, "usual"))
    wait_for(lambda: len(server.client.get("/holaf/profiler/runs")["runs"]) == 2, "both runs in the history")
    one_postgres.pause()
    try:
        slowest_s = max(seconds(server, "mute 1"), seconds(server, "mute 2"))
        begun_s = time.monotonic()
        os.kill(server.pid, signal.SIGINT)
        wait_for(lambda: not server.running, "the end of ComfyUI", 60.0)
        end_s = time.monotonic() - begun_s
    finally:
        one_postgres.go_on()
    assert slowest_s < usual_s + SLOWER_S
    assert end_s < END_S
    server.start()

    def found() -> bool:
        runs = server.client.get("/holaf/profiler/runs")["runs"]
        states = {run["name"]: run["status"] for run in runs}
        return len(runs) == 4 and set(states.values()) == {"success"}

    wait_for(found, "the runs that the server did not take", 60.0)
