"""Compare, Trend and Budget in a real ComfyUI: last like a Report, and right about the runs before."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profile, Profiler


def scene(fresh: str, *, nap_ms: int, number: int = 0, **nodes: dict[str, Any]) -> Scene:
    """A nap whose length is a widget; every run executes it anew. ``nodes`` maps a class to its inputs."""
    made = Scene()
    made.start(cache="re-run")
    value = made.add("Sleep", id="nap", named="Nap", value=f"{fresh} {number}", ms=nap_ms)
    made.show(value, id="show")
    for name, inputs in nodes.items():
        made.add(f"HolafProfiler{name}", id=name.lower(), **inputs)
    return made


def text_of(profile: Profile, node_id: str) -> str:
    return str(profile.outcome.outputs[node_id]["text"][0])


def test_a_workflow_slowed_through_a_widget_is_found_dated_and_explained(
    profiler: Profiler, fresh: str
) -> None:
    ids: list[int] = []
    for number in range(16):
        nap_ms = 300 if number < 9 else 360
        profile = profiler.run(scene(fresh, nap_ms=nap_ms, number=number), workflow={"id": fresh})
        ids.append(profile.run["id"])
    looking = scene(
        fresh,
        nap_ms=360,
        number=99,
        Compare={
            "baseline": ", ".join(map(str, ids[4:9])),
            "candidate": "last 5",
        },
        Trend={"what": "Nap"},
    )
    profile = profiler.run(looking, workflow={"id": fresh})
    assert profile.outcome.status == "success"
    comparison, trend = text_of(profile, "compare"), text_of(profile, "trend")
    assert "slower: " in comparison.splitlines()[0]
    assert "Nap: ms 300 -> 360" in comparison
    found = re.search(r"slower since run (\d+)", trend.splitlines()[0])
    assert found is not None
    assert abs(ids.index(int(found[1])) - 9) <= 3
    assert "Nap: ms 300 -> 360" in trend
    roles = {node_id: step["role"] for node_id, step in profile.steps.items()}
    assert roles["compare"] == roles["trend"] == "profiler"
    executed = [data["node"] for data in profile.outcome.events("executed")]
    assert set(executed[-2:]) == {"compare", "trend"}
    ends = [step["end_s"] for step in profile.steps.values() if step["role"] == "node"]
    assert profile.run["total_time"] <= max(ends) + 0.001, "what they draw is not in the total"


def test_the_first_run_has_nothing_to_compare_with(profiler: Profiler, fresh: str) -> None:
    looking = scene(fresh, nap_ms=10, Compare={}, Trend={}, Budget={"limits": "time <= +10 %"})
    profile = profiler.run(looking, workflow={"id": fresh})
    assert profile.outcome.status == "success"
    assert "no earlier run" in text_of(profile, "compare")
    assert "1 run so far" in text_of(profile, "trend")
    assert "pin a run" in text_of(profile, "budget")


@pytest.mark.parametrize(("on_excess", "status"), [("warn", "success"), ("fail", "error")])
def test_a_budget_says_by_how_much_and_fails_where_it_shall(
    profiler: Profiler, fresh: str, on_excess: str, status: str
) -> None:
    limits = "time <= 60 s\nnode Nap time <= 0.05 s\nnode Missing time <= 1 s\nnonsense"
    looking = scene(fresh, nap_ms=200, Budget={"limits": limits, "on_excess": on_excess})
    profile = profiler.run(looking, workflow={"id": fresh})
    assert profile.outcome.status == status
    if on_excess == "warn":
        report = text_of(profile, "budget")
        assert "kept      time <= 60 s" in report
        assert "EXCEEDED  node Nap time <= 0.05 s" in report
        assert "UNKNOWN   node Missing time <= 1 s: there is no node" in report
        assert "“nonsense” is no limit" in report
    else:
        [error] = profile.outcome.events("execution_error")
        assert "node Nap time <= 0.05 s" in error["exception_message"]


def test_without_a_start_they_say_so(profiler: Profiler, fresh: str) -> None:
    made = Scene()
    made.add("HolafProfilerBudget", id="budget", limits="time <= 1 s", on_excess="fail")
    made.show(made.add("Sleep", id="nap", value=fresh, ms=1))
    outcome = profiler.client.run(made.prompt)
    assert outcome.status == "success"
    assert "Nothing was measured" in outcome.outputs["budget"]["text"][0]


def test_several_sets_and_other_sizes(profiler: Profiler, fresh: str) -> None:
    """Sets with | between them are compared each with each; a Trend forecasts the sizes it is asked about."""
    ids: list[int] = []
    for number in range(9):
        sized = scene(fresh, nap_ms=200 + 100 * (number // 3), number=number)
        sized.add("EmptyImage", id="empty", width=64 << number % 3, height=64, batch_size=1, color=number)
        sized.add("PreviewImage", id="preview", images=["empty", 0])
        ids.append(profiler.run(sized, workflow={"id": fresh}).run["id"])
    sets = [ids[:3], ids[3:6], ids[6:]]
    looking = scene(
        fresh,
        nap_ms=200,
        number=99,
        Compare={
            "baseline": " | ".join(", ".join(map(str, each)) for each in sets[:2]),
            "candidate": "last 3",
        },
        Trend={"forecast": "width 96, steps 20"},
    )
    profile = profiler.run(looking, workflow={"id": fresh})
    comparison, trend = text_of(profile, "compare"), text_of(profile, "trend")
    assert [line for line in comparison.splitlines() if line.startswith("3. last 3")], comparison
    assert "vs 3" in comparison
    assert "With width 96, steps 20: not known; steps is not known for every run." in trend
    text = "|".join(",".join(map(str, each)) for each in sets)
    answer = profiler.client.get(f"/holaf/profiler/runs/matrix?sets={text.replace('|', '%7C')}")
    assert [each["run_ids"] for each in answer["sets"]] == sets
    assert answer["totals"]["total_time"]["deltas"][2][0]["verdict"] == "slower"
    asked = profiler.client.get(f"/holaf/profiler/trends?workflow={fresh.replace(' ', '%20')}&width=128")
    assert asked["sizes"]["width"] == {"newest": 256, "lowest": 64, "highest": 256}
    assert asked["forecast_for"]["total_time"]["expected"] is not None
