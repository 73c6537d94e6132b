"""Every run tells its story: what it made, what happened in it, how it came to run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.comfyui.client import RefusedError, wait_for
from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler, read_profile

EVENTS = "/holaf/profiler/runs/current/events"


def pictures(fresh: str, *, batch: int = 1) -> Scene:
    scene = Scene()
    scene.start(run_name=fresh)
    scene.add("EmptyImage", id="picture", width=64, height=32, batch_size=batch, color=hash(fresh) % 2**24)
    scene.add("SaveImage", id="save", images=["picture", 0], filename_prefix="story/picture")
    scene.add("PreviewImage", id="preview", images=["picture", 0])
    return scene


def test_what_a_run_made_is_counted_and_named_and_can_be_viewed(profiler: Profiler, fresh: str) -> None:
    scene = pictures(fresh, batch=3)
    scene.report()
    run = profiler.run(scene).run
    saved, shown = sorted(run["outputs"], key=lambda output: output["node_id"] != "save")
    assert (saved["node_id"], saved["kind"], saved["count"]) == ("save", "image", 3)
    assert (shown["node_id"], shown["files"][0]["type"]) == ("preview", "temp")
    assert run["output_count"] == 6, "a Report's own picture is none of them"
    file = saved["files"][0]
    assert (file["subfolder"], file["type"]) == ("story", "output")
    query = "&".join(f"{name}={value}" for name, value in file.items())
    status, content = profiler.client.request("GET", f"/view?{query}")
    assert (status, content[:4]) == (200, b"\x89PNG")
    assert run["sizes"] == {"width": 64, "height": 32, "batch_size": 3}
    assert (run["frame_count"], run["frame_time_s"]) == (None, None)


def test_an_animation_has_frames_and_a_time_for_each(profiler: Profiler, fresh: str) -> None:
    scene = pictures(fresh, batch=5)
    scene.add(
        "SaveAnimatedWEBP",
        id="animation",
        images=["picture", 0],
        filename_prefix="story/animation",
        fps=8.0,
        lossless=False,
        quality=80,
        method="fastest",
    )
    run = profiler.run(scene).run
    assert {output["node_id"]: output["kind"] for output in run["outputs"]}["animation"] == "animation"
    assert run["frame_count"] == 5
    assert run["frame_time_s"] == pytest.approx(run["total_time"] / 5)


def test_its_place_in_the_queue_its_memory_and_its_lists(profiler: Profiler, fresh: str) -> None:
    first, second = Scene(), Scene()
    first.show(first.add("Sleep", value=fresh, ms=1_500))
    second.start()
    items = second.add("MakeList", id="items", value=fresh, count=4)
    each = second.add("Pass", id="each", value=items)
    second.show(second.add("Join", value=each))
    client = profiler.client
    client.queue(first.prompt)
    prompt_id = client.queue(second.prompt)
    run = read_profile(client, client.wait(prompt_id)).run
    assert run["queue_position"] == 1
    assert 0.5 <= run["queue_wait_s"] <= 30.0
    assert run["scene_count"] == 4
    assert run["ram_before_bytes"] > 0
    assert run["ram_after_bytes"] > 0
    assert run["profiled"] is True


def test_the_same_again_after_a_failure_is_another_try(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Fail", value=fresh))
    tries = [profiler.run(scene, workflow={"id": fresh}).run for _ in range(3)]
    assert [run["attempt"] for run in tries] == [1, 2, 3]
    assert [run["retry_of"] for run in tries] == [None, tries[0]["id"], tries[1]["id"]]


def test_events_of_a_node_a_program_and_a_pack(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    slept = scene.add("Sleep", id="nap", value=fresh, ms=600)
    names = scene.add("MakeList", id="names", value="scene ", count=2)
    scene.add("HolafProfilerEvent", id="named", text=names, after=slept)
    scene.add("HolafProfilerEvent", id="untitled", named="Half way", after=slept)
    said = scene.add("Say", id="say", value="said by a pack")
    scene.show(scene.add("Both", value=said, other=scene.add("Sleep", value=slept, ms=600)))
    scene.report()
    client = profiler.client
    prompt_id = client.queue(scene.prompt)

    def told() -> Any:
        status, answer = client.request("POST", EVENTS, {"text": "frame 12 <sent>"})
        assert status in (200, 409)
        return answer.get("event")

    event = wait_for(told, "the run to take an event")
    profile = read_profile(client, client.wait(prompt_id))
    events = profile.run["events"]
    found = {each["text"]: each for each in events}
    assert set(found) == {"scene 0", "scene 1", "Half way", "said by a pack", "frame 12 <sent>"}
    assert found["frame 12 <sent>"] == event
    sources = [found[text]["source"] for text in ("scene 0", "said by a pack", "frame 12 <sent>")]
    assert sources == ["node", "python", "route"]
    nap = profile.steps["nap"]
    for text in ("scene 0", "Half way"):
        assert nap["end_s"] <= found[text]["t_s"] <= nap["end_s"] + 0.3
    assert profile.steps["named"]["role"] == "profiler"
    assert "Half way" in profile.report()["table"]
    with pytest.raises(RefusedError, match="No profiled run"):
        client.post(EVENTS, {"text": "too late"})


def test_an_event_node_without_a_start_does_nothing(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.add("HolafProfilerEvent", id="event", text="nobody listens", after=scene.add("Pass", value=fresh))
    assert profiler.run_plain(scene).status == "success"
