"""Many prompts, long queues, large prompts, many listeners: nothing grows, nothing is late.

``make test`` runs a short version, ``make test-faults`` the whole of it.
"""

from __future__ import annotations

import os
import statistics
import threading
from collections.abc import Mapping
from typing import Any

import psutil
import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene, chains
from tests.faults.conftest import Faulty

ALL = os.environ.get("PROFILER_FAULTS") == "all"
PROMPTS = 3000 if ALL else 60
QUEUE = 200 if ALL else 20
NODES = (40, 50) if ALL else (10, 20)
CLIENTS = 10


def profiled(label: str) -> Scene:
    scene = Scene()
    scene.show(scene.add("Pass", id="1", value=label), id="2")
    scene.start()
    return scene


def settled(faulty: Faulty) -> dict[str, float]:
    """What the process holds when no run is being put together any more."""
    client = faulty.server.client
    wait_for(lambda: not client.get("/holaf/profiler/status")["active"], "the end of the last run")
    process = psutil.Process(faulty.server.pid)
    with process.oneshot():
        return {
            "memory": process.memory_info().rss,
            "threads": process.num_threads(),
            "handles": process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        }


def run_all(faulty: Faulty, prompts: list[Mapping[str, Any]]) -> None:
    client = faulty.server.client
    ids = [client.queue(prompt, connected=False) for prompt in prompts]
    outcome = client.wait(ids[-1], timeout_s=60 + len(ids))
    assert outcome.status == "success"
    assert all(client.wait(prompt_id).status == "success" for prompt_id in ids[:: max(1, len(ids) // 20)])


def test_memory_threads_and_handles_stay_flat_over_many_prompts(faulty: Faulty) -> None:
    """ComfyUI itself keeps up to 10,000 finished prompts, some kilobytes each: hence the allowance."""
    run_all(faulty, [profiled(f"warm {number}").prompt for number in range(30)])
    seen = [settled(faulty)]
    for part in range(5):
        run_all(faulty, [profiled(f"{part} {n}").prompt for n in range(PROMPTS // 5)])
        seen.append(settled(faulty))
    first, last = seen[0], seen[-1]
    assert last["threads"] <= first["threads"] + 2, seen
    assert last["handles"] <= first["handles"] + 5, seen
    assert last["memory"] - first["memory"] <= PROMPTS * 25_000 + 30e6, seen


def test_a_long_queue_is_worked_off(faulty: Faulty) -> None:
    client = faulty.server.client
    before = client.get("/holaf/profiler/runs?limit=1")["total"]
    run_all(faulty, [profiled(f"queued {number}").prompt for number in range(QUEUE)])

    def recorded() -> bool:
        return bool(client.get("/holaf/profiler/runs?limit=1")["total"] == before + QUEUE)

    wait_for(recorded, "all runs of the queue in the history", 60)


def test_a_large_prompt_is_recorded_whole(faulty: Faulty) -> None:
    client = faulty.server.client
    scene = chains(*NODES, label="large")
    scene.start()
    scene.report()
    outcome = client.wait(client.queue(scene.prompt), timeout_s=120)
    assert outcome.status == "success"
    run_id = outcome.outputs["report"]["holaf_profiler"][0]["run_id"]
    assert run_id > 0
    steps = client.get(f"/holaf/profiler/runs/{run_id}")["steps"]
    assert sum(step["role"] == "node" and step["status"] == "ok" for step in steps) == NODES[0] * NODES[1]


def test_ten_browsers_all_hear_of_a_run(faulty: Faulty) -> None:
    heard: dict[int, list[str]] = {number: [] for number in range(CLIENTS)}
    ready = threading.Barrier(CLIENTS + 1)

    def listen(number: int) -> None:
        with faulty.server.client.listen() as messages:
            for kind, _data in messages(60.0):
                if not heard[number]:
                    ready.wait(30)  # ComfyUI greets a tab once it knows it
                heard[number].append(kind)
                if kind == "holaf.profiler.run_finished":
                    return

    threads = [threading.Thread(target=listen, args=(number,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    ready.wait(30)
    scene = profiled("heard by all")
    scene.show(scene.add("Sleep", id="3", value="long enough", ms=400), id="4")
    client = faulty.server.client
    assert client.wait(client.queue(scene.prompt)).status == "success"
    for thread in threads:
        thread.join(60)
    assert all("holaf.profiler.run_started" in kinds for kinds in heard.values())
    assert all(kinds[-1] == "holaf.profiler.run_finished" for kinds in heard.values())
    assert statistics.median(len(kinds) for kinds in heard.values()) >= 2


@pytest.mark.parametrize("moment", ["past", "future"])
def test_a_clock_that_is_set_meanwhile_changes_no_duration(faulty: Faulty, moment: str) -> None:
    """Durations come from a clock that nobody can set; the time of day is only what a run is dated with."""
    client = faulty.server.client
    client.post("/profiler_faults", {"seams": {"engine.clock:utc_timestamp": moment}})
    try:
        scene = faulty.scene()
        outcome = client.wait(client.queue(scene.prompt))
        assert outcome.status == "success"
        run_id = outcome.outputs["report"]["holaf_profiler"][0]["run_id"]
        run = client.get(f"/holaf/profiler/runs/{run_id}")["run"]
        assert run["timestamp"].startswith({"past": "1970", "future": "2999"}[moment])
        assert 0.06 <= run["total_time"] < 15.0
    finally:
        client.post("/profiler_faults", {"seams": {}})
