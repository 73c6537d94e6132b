"""Groups: how members are named, what they come to, and where they are kept."""

from __future__ import annotations

import sqlite3

import pytest

from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler


def sleepers(fresh: str) -> Scene:
    scene = Scene()
    scene.start()
    one = scene.add("Sleep", id="1", named="First sleeper", value=fresh, ms=20)
    two = scene.add("Sleep", id="2", named="Second sleeper", value=one, ms=30)
    grown = scene.add("Expand", id="7:3", named="Grower", value=two, count=2, ms=25)
    scene.show(scene.add("Pass", id="4", value=grown), id="5")
    scene.report()
    return scene


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("1\n4", {"1", "4"}),
        ("Second sleeper", {"2"}),
        ("*sleeper", {"1", "2"}),
        ("ProfilerTestPass", {"4"}),
        ("7:3", {"7:3"}),
    ],
    ids=["ids", "title", "glob", "class", "inside a subgraph"],
)
def test_members(profiler: Profiler, fresh: str, members: str, expected: set[str]) -> None:
    scene = sleepers(fresh)
    scene.group("chosen", members)
    profile = profiler.run(scene)
    chosen = profile.groups["chosen"]
    found = {node_id for node_id in chosen["members"] if "." not in node_id}
    assert found == expected
    members_time = sum(
        step["exec_time"] or 0
        for step in profile.steps.values()
        if step["display_node_id"] in expected or step["node_id"] in expected
    )
    assert chosen["exec_time"] == pytest.approx(members_time)
    assert "chosen" in profile.report()["table"]


def test_a_node_counts_in_each_of_its_groups(profiler: Profiler, fresh: str) -> None:
    scene = sleepers(fresh)
    scene.group("left", "1\n2")
    scene.group("right", "2\n4")
    profile = profiler.run(scene)
    second = profile.steps["2"]["exec_time"]
    for name, other in (("left", "1"), ("right", "4")):
        assert profile.groups[name]["exec_time"] == pytest.approx(second + profile.steps[other]["exec_time"])


def test_canvas_group_is_read_from_the_graph(profiler: Profiler, fresh: str) -> None:
    workflow = {
        "id": f"canvas {fresh}",
        "nodes": [
            {"id": 1, "type": "ProfilerTestSleep", "pos": [20, 60], "size": [200, 80]},
            {"id": 2, "type": "ProfilerTestSleep", "pos": [600, 60], "size": [200, 80]},
        ],
        "links": [],
        "groups": [{"id": 1, "title": "Box", "bounding": [0, 0, 400, 300], "flags": {}}],
    }
    scene = sleepers(fresh)
    scene.group("boxed", "", canvas_group="Box")
    profile = profiler.run(scene, workflow=workflow)
    assert set(profile.groups["boxed"]["members"]) == {"1"}


def test_nonsense_in_a_group_is_said_and_harms_nothing(profiler: Profiler, fresh: str) -> None:
    scene = sleepers(fresh)
    scene.group("odd", "1\nno such node\n[", color="sky-blue-pink", canvas_group="no such box")
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    assert set(profile.groups["odd"]["members"]) == {"1"}
    table = profile.report()["table"]
    assert "no such node" in table
    assert "no such box" in table


def test_wired_groups_narrow_the_report(profiler: Profiler, fresh: str) -> None:
    scene = sleepers(fresh)
    shown = scene.group("shown here", "1")
    scene.group("left out", "2")
    scene.prompt["report"]["inputs"]["groups.group_0"] = shown
    profile = profiler.run(scene)
    assert "shown here" in profile.report()["table"]
    assert "left out" not in profile.report()["table"]
    assert {"shown here", "left out"} <= set(profile.groups)


def test_groups_persist_as_rows_of_their_own(profiler: Profiler, fresh: str) -> None:
    scene = sleepers(fresh)
    scene.group("kept", "1\n2", color="#123456", description="for later")
    workflow = {"id": f"workflow {fresh}", "nodes": [], "links": []}
    first = profiler.run(scene, workflow=workflow)
    second = profiler.run(scene, workflow=workflow)
    assert second.run["id"] != first.run["id"]
    with sqlite3.connect(f"file:{profiler.server.database}?mode=ro", uri=True) as database:
        rows = database.execute(
            "select g.name, g.color, g.description, m.node_id from profiler_groups g"
            " join profiler_group_members m on m.group_id = g.id where g.name = 'kept' order by m.node_id"
        ).fetchall()
    assert rows == [("kept", "#123456", "for later", node_id) for node_id in ("1", "2")]
