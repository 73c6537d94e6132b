"""Runs repeated by ComfyUI itself: begun and ended over the routes, with no browser there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler

ROUTE = "/holaf/profiler/repeats"


def sleeping(ms: int, fresh: str) -> Scene:
    scene = Scene()
    scene.start(run_name="repeated")
    scene.show(scene.add("Sleep", id="1", value=fresh, ms=ms))
    return scene


def newest(profiler: Profiler) -> Mapping[str, Any]:
    found: Mapping[str, Any] = profiler.client.get(ROUTE)["repeats"][0]
    return found


def test_warm_ups_then_runs_that_all_execute(profiler: Profiler, fresh: str) -> None:
    before = profiler.run_count()
    plan = {"prompt": sleeping(50, fresh).prompt, "runs": 3, "warm_ups": 1}
    begun = profiler.client.post(ROUTE, plan)["repeat"]

    def over() -> Mapping[str, Any] | None:
        found = newest(profiler)
        return found if found["state"] != "running" else None

    end = wait_for(over, "the end of the series", 60)
    assert (end["id"], end["state"], end["warm_ups_done"], end["done"]) == (begun["id"], "finished", 1, 3)
    assert profiler.run_count() == before + 4
    # each run waited its 50 ms: nothing came out of the cache
    assert all(time_s >= 0.05 for time_s in end["times_s"])
    assert end["low_s"] <= end["median_s"] <= end["high_s"]
    runs = [profiler.client.get(f"/holaf/profiler/runs/{run_id}")["run"] for run_id in end["run_ids"]]
    assert [run["total_time"] for run in runs] == pytest.approx(end["times_s"])


def test_cancel_stops_the_run_that_goes_on(profiler: Profiler, fresh: str) -> None:
    plan = {"prompt": sleeping(1_500, fresh).prompt, "runs": 5, "warm_ups": 0}
    begun = profiler.client.post(ROUTE, plan)["repeat"]
    wait_for(lambda: profiler.client.get("/holaf/profiler/status")["active"], "the first run", 30)
    profiler.client.request("DELETE", f"{ROUTE}/{begun['id']}")
    wait_for(lambda: newest(profiler)["state"] == "cancelled", "the end of the series", 60)
    wait_for(lambda: not profiler.client.get("/queue")["queue_running"], "an idle queue", 60)
    assert newest(profiler)["done"] == 0


def test_profiler_start_has_more_runs_follow(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start(run_name="followed", repeat=2)
    scene.show(scene.add("Sleep", id="1", value=fresh, ms=30))
    before = profiler.run_count()
    profiler.run(scene)
    end = wait_for(
        lambda: newest(profiler) if newest(profiler)["state"] != "running" else None, "the runs", 60
    )
    assert (end["state"], end["done"], end["warm_ups"]) == ("finished", 2, 0)
    assert profiler.run_count() == before + 3
    assert all(time_s >= 0.03 for time_s in end["times_s"])
