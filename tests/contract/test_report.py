"""The Report is last: wherever it stands, however the run goes, and without changing it."""

from __future__ import annotations

import pytest

from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler, read_profile


def work(scene: Scene, fresh: str) -> None:
    """Three branches: a slow one, an asynchronous one, one with a preview."""
    slow = scene.add("Sleep", id="slow", value=fresh, ms=80)
    waiting = scene.add("AsyncSleep", id="async", value=fresh, ms=150)
    scene.show(scene.add("Both", id="both", value=slow, other=waiting), id="show")
    picture = scene.add("Picture", id="picture", seed=abs(hash(fresh)) % 2**32, size=64)
    scene.add("PreviewImage", id="preview", images=picture)


WORK = {"slow", "async", "both", "show", "picture", "preview"}


@pytest.mark.parametrize("place", ["first in the prompt", "last in the prompt"])
def test_unwired_report_waits_for_everything(profiler: Profiler, fresh: str, place: str) -> None:
    scene = Scene()
    if place == "first in the prompt":
        scene.report()
        scene.start()
        work(scene, fresh)
    else:
        work(scene, fresh)
        scene.start()
        scene.report()
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    assert {key for key, status in profile.statuses().items() if status == "ok"} >= WORK
    executed = [data["node"] for data in profile.outcome.events("executed")]
    assert executed[-1] == "report"
    table = profile.report()["table"]
    assert all(f"#{node_id} " in table for node_id in WORK)
    assert profile.report()["run_id"] == profile.run["id"]
    assert profile.report()["headline"]


def test_profiler_nodes_do_not_count(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    work(scene, fresh)
    scene.group("all", "*")
    report = scene.report()
    scene.add("PreviewImage", id="look", images=report)
    profile = profiler.run(scene)
    roles = {node_id: step["role"] for node_id, step in profile.steps.items()}
    assert {node_id for node_id, role in roles.items() if role == "node"} == WORK
    assert roles["report"] == "profiler"
    assert roles["look"] == "report_output"
    # drawing the report takes longer than the work: it must not be in the total
    assert profile.run["total_time"] < profile.steps["look"]["end_s"]
    assert set(profile.groups["all"]["members"]) == WORK


def test_chart_feeds_preview_and_save(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    report = scene.report(theme="light")
    scene.add("PreviewImage", id="look", images=report)
    scene.add("SaveImage", id="keep", images=report, filename_prefix="chart")
    scene.show([report[0], 1], id="text")
    work(scene, fresh)
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    for node_id in ("look", "keep"):
        assert profiler.client.file(profile.outcome.outputs[node_id]["images"][0]).startswith(b"\x89PNG")
    assert profile.outcome.outputs["text"]["text"] == [profile.report()["table"]]


def test_two_reports_do_not_wait_for_each_other(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    first = scene.report(id="report")
    scene.report(id="second", theme="light")
    scene.add("PreviewImage", id="look", images=first)
    work(scene, fresh)
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    for report in ("report", "second"):
        assert all(f"#{node_id} " in profile.report(report)["table"] for node_id in WORK)


def test_cached_second_run_still_reports(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    work(scene, fresh)
    scene.report()
    profiler.run(scene)
    second = profiler.run(scene)
    assert second.outcome.status == "success"
    assert {second.statuses()[node_id] for node_id in WORK} == {"cached"}
    assert second.report()["run_id"] == second.run["id"]


def test_error_elsewhere_ends_the_waiting_report(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.report()
    slow = scene.add("Sleep", id="slow", value=fresh, ms=50)
    scene.show(scene.add("Fail", id="bad", value=slow))
    profile = profiler.run(scene)
    assert profile.outcome.status == "error"
    assert profile.outcome.events("execution_error")[0]["node_id"] == "bad"
    assert profile.run["status"] == "failed"
    assert profile.statuses()["slow"] == "ok"


def test_cancel_while_only_the_report_waits(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.report()
    scene.show(scene.add("AsyncSleep", id="async", value=fresh, ms=120_000))
    client = profiler.client
    with client.listen() as messages:
        prompt_id = client.queue(scene.prompt)
        for kind, data in messages(60):
            if kind == "executing" and data.get("node") in ("async", "report"):
                break
        client.interrupt()
        # Without the profiler Cancel would wait for the asynchronous node's two minutes.
        outcome = client.wait(prompt_id, timeout_s=60)
    profile = read_profile(client, outcome)
    assert profile.run["status"] == "interrupted"


def test_comfyui_names_the_node_at_work_while_reports_wait(profiler: Profiler, fresh: str) -> None:
    """Its page takes the first node that is said to run."""
    scene = Scene()
    scene.start()
    scene.report()
    scene.report(id="second")
    slow = scene.add("Sleep", id="slow", value=fresh, ms=50)
    scene.show(scene.add("Sleep", id="later", value=slow, ms=50))
    outcome = profiler.run(scene).outcome
    running = [
        [node_id for node_id, node in message["nodes"].items() if node["state"] == "running"]
        for message in outcome.events("progress_state")
    ]
    for node_id in ("slow", "later"):
        assert [node_id] in running
    reports = {"report", "second"}
    begun = next(index for index, ids in enumerate(running) if "slow" in ids)
    ended = max(index for index, ids in enumerate(running) if "later" in ids)
    assert not [ids for ids in running[begun : ended + 1] if reports & set(ids)]
    assert [ids for ids in running[ended:] if reports & set(ids)], (
        "when their turn comes they are said to run"
    )
    last = outcome.events("progress_state")[-1]["nodes"]
    assert {last[node_id]["state"] for node_id in ("report", "second")} == {"finished"}


def test_report_without_start_says_so_and_records_nothing(profiler: Profiler, fresh: str) -> None:
    before = profiler.run_count()
    scene = Scene()
    scene.report()
    scene.show(scene.add("Pass", value=fresh))
    outcome = profiler.run_plain(scene)
    assert outcome.status == "success"
    sent = outcome.outputs["report"]["holaf_profiler"][0]
    assert sent["run_id"] == 0
    assert "Profiler Start" in sent["table"]
    assert profiler.run_count() == before


def test_report_alone(profiler: Profiler) -> None:
    scene = Scene()
    scene.start()
    scene.report()
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    assert profile.run["status"] == "success"


def test_partial_run_of_another_output(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    work(scene, fresh)
    scene.report()
    profile = profiler.run(scene, partial_execution_targets=["preview"])
    assert profile.outcome.status == "success"
    assert {key for key, status in profile.statuses().items() if status == "ok"} == {"picture", "preview"}


def test_a_report_beside_an_output_that_is_not_valid_says_what_did_not_run(
    profiler: Profiler, fresh: str
) -> None:
    """ComfyUI refuses a prompt only where no output is valid, and a Report is one."""
    scene = Scene()
    scene.start()
    scene.add("SaveImage", id="keep", named="Keep me", filename_prefix=fresh)
    scene.report()
    profile = profiler.run(scene)
    assert profile.run["status"] == "partial"
    assert "Not run by ComfyUI: Keep me #keep." in " ".join(profile.report()["table"].split())
