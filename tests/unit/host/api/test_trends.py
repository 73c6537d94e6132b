"""Statistics and trends over a history, as the routes answer them."""

from __future__ import annotations

import json

import pytest

from engine.host.api import (
    recommendations,
    statistics,
    trends,
)
from tests.unit.host.api.bench import PROMPT, Bench


def test_statistics_say_what_the_whole_history_comes_to(bench: Bench) -> None:
    bench.record({"1": 1.0, "2": 2.0}, timestamp="2026-04-30T23:00:00.000Z")
    bench.record({"1": 1.0}, status="failed")
    bench.record({"1": 4.0}, user_id="ann")
    bench.record({}, status="running", total_time=None)
    query = {"last": 1, "limit": 10, "offset": 0}
    found = bench.call(statistics.get_statistics, query=query)["totals"]
    assert (found["run_count"], found["total_time"], found["success_rate"]) == (3, 4.0, 0.5)
    assert found["by_status"] == {"success": 1, "failed": 1, "running": 1}
    assert [(each["month"], each["run_count"]) for each in found["months"]] == [
        ("2026-04", 1),
        ("2026-05", 2),
    ]
    assert found["size_bytes"] > 0


def test_statistics_and_trends_read_the_history(bench: Bench) -> None:
    for number in range(4):
        bench.record({"1": 1.0, "2": 2.0 + number}, cold=number == 0)
    query = {"last": 100, "limit": 100, "offset": 0}
    kinds = {
        entry["node_type"]: entry for entry in bench.call(statistics.get_statistics, query=query)["types"]
    }
    assert kinds["Sampler"]["exec_time"]["median"] == 3.5
    assert (kinds["Sampler"]["cold"]["mean"], kinds["Sampler"]["warm"]["mean"]) == (2.0, 4.0)
    trend = bench.call(trends.get_trends, query=query)
    assert trend["workflow"] == "wf"
    assert trend["totals"]["total_time"]["values"] == (None, 4.0, 5.0, 6.0), "the cold run is of another kind"
    assert trend["totals"]["total_time"]["slope_per_run"] == pytest.approx(1.0)
    assert [(kind["label"], len(kind["run_ids"])) for kind in trend["kinds"]] == [("warm", 3), ("cold", 1)]
    assert [run["kind"] for run in trend["runs"]] == ["cold", "warm", "warm", "warm"]
    assert [node["node_id"] for node in trend["nodes"]] == ["2", "1"]
    assert trend["forecast"]["total_time"]["reason"]
    json.dumps(trend)
    cold = bench.call(trends.get_trends, query={**query, "kind": "cold"})
    assert cold["totals"]["total_time"]["values"] == (3.0, None, None, None)
    assert bench.call(recommendations.get_recommendations)["run_id"] == 4


def test_a_change_is_dated_and_explained_by_the_widget_that_changed(bench: Bench) -> None:
    for number in range(24):
        steps = 20 if number < 14 else 30
        prompt = {
            **PROMPT,
            "2": {**PROMPT["2"], "inputs": {"model": ["1", 0], "steps": steps, "seed": number}},
        }
        bench.record({"1": 1.0, "2": steps / 10 + number % 3 / 100}, prompt=prompt)
    found = bench.call(trends.get_trends, query={"last": 100, "limit": 100, "offset": 0})
    points = {(point["metric"], point["node_id"]): point for point in found["change_points"]}
    for key in (("total_time", None), ("exec_time", "2")):
        assert points[key]["run_id"] == 15
        assert [cause["detail"] for cause in points[key]["causes"]] == ["Sample: steps 20 -> 30"]
    assert ("exec_time", "1") not in points
    [advice] = [
        entry
        for entry in bench.call(recommendations.get_recommendations)["recommendations"]
        if entry["kind"] == "slower"
    ]
    assert "since run 15" in advice["text"]
    assert "steps 20 -> 30" in advice["text"]


def test_analyses_of_an_empty_history_are_empty(bench: Bench) -> None:
    query = {"last": 100, "limit": 100, "offset": 0}
    assert bench.call(statistics.get_statistics, query=query)["types"] == []
    assert bench.call(trends.get_trends, query=query)["workflow"] is None
    assert bench.call(recommendations.get_recommendations) == {
        "run_id": None,
        "recommendations": [],
        "dismissed": 0,
    }


def test_a_trend_says_what_was_tried_and_what_other_sizes_and_frames_take(bench: Bench) -> None:
    for number in range(12):
        frames = (41, 81, 121)[number % 3]
        bench.record(
            {"1": 1.0, "2": frames * 0.1 * (1 + number % 2 / 100)},
            timestamp=f"2026-05-31T14:{number:02d}:00.000Z",
            sizes={"frames": frames},
            frame_count=frames,
        )
    query = {"workflow": "wf", "last": 100, "offset": 0, "limit": 25, "frames": 100}
    answer = bench.call(trends.get_trends, query=query)
    assert answer["sizes"] == {"frames": {"newest": 121, "lowest": 41, "highest": 121}}
    forecast = answer["forecast_for"]["total_time"]
    assert forecast["expected"] == pytest.approx(11.0, rel=0.03)
    assert forecast["run_count"] == 12
    assert answer["totals"]["frame_time_s"]["median"] == pytest.approx(0.11, rel=0.1)
    assert answer["runs"][0]["frame_time_s"] == pytest.approx(5.1 / 41, rel=0.02)
    assert bench.call(trends.get_trends, query={**query, "frames": 5000})["forecast_for"]["total_time"][
        "reason"
    ].startswith("frames 5,000 is far")
