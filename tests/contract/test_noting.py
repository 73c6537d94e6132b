"""What is kept of prompts that are not profiled, where somebody wants it, and of ComfyUI's history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler, find_run

SETTINGS = "/holaf/profiler/settings"


@pytest.fixture
def noting(profiler: Profiler) -> Iterator[None]:
    profiler.client.request("PUT", SETTINGS, {"note_unprofiled": True})
    yield
    profiler.client.request("PUT", SETTINGS, {"note_unprofiled": False})


def plain(fresh: str, node: str = "Pass", **inputs: Any) -> Scene:
    scene = Scene()
    scene.show(scene.add(node, id="work", value=fresh, **inputs), id="show")
    return scene


def test_off_nothing_is_kept_until_somebody_takes_comfyuis_history_in(profiler: Profiler, fresh: str) -> None:
    client = profiler.client
    outcome = profiler.run_plain(plain(fresh, "Sleep", ms=300))
    measured = Scene()
    measured.start()
    measured.show(measured.add("Pass", value=fresh))
    profiled = profiler.run(measured).run
    threads = plain(f"{fresh} threads", "Threads")
    names = profiler.run_plain(threads).outputs["show"]["text"][0]
    assert "holaf-profiler-noting" not in names
    assert find_run(client, outcome.prompt_id) is None
    taken = client.post("/holaf/profiler/history/comfyui")
    assert taken["runs"] >= 2
    run = find_run(client, outcome.prompt_id)
    assert run is not None
    assert (run["profiled"], run["status"], run["node_count"]) == (False, "success", None)
    assert 0.3 <= run["total_time"] <= 5.0
    assert client.post("/holaf/profiler/history/comfyui")["runs"] == 0, "once each"
    kept = client.get(f"/holaf/profiler/runs/{run['id']}")
    assert kept["steps"] == []
    assert [(each["node_id"], each["kind"]) for each in kept["run"]["outputs"]] == [("show", "text")]
    again = client.get(f"/holaf/profiler/runs/{profiled['id']}")["run"]
    assert (again["profiled"], again["total_time"]) == (True, profiled["total_time"])
    for fmt in ("png", "txt", "json", "html", "csv"):
        status, _ = client.request("GET", f"/holaf/profiler/runs/{run['id']}/export/{fmt}")
        assert status == 200, fmt


@pytest.mark.usefixtures("noting")
@pytest.mark.parametrize(("node", "status"), [("Pass", "success"), ("Fail", "failed")])
def test_on_every_prompt_is_noted_with_its_end(
    profiler: Profiler, fresh: str, node: str, status: str
) -> None:
    outcome = profiler.run_plain(plain(f"{fresh} {node}", node))
    run = wait_for(lambda: find_run(profiler.client, outcome.prompt_id), "the prompt to be noted", 20)
    assert (run["status"], run["profiled"]) == (status, False)
    assert run["error_node_id"] == ("work" if node == "Fail" else None)
