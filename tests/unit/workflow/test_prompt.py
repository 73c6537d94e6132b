"""Reading prompts: settings from widgets nobody has checked, roles, wired groups."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model import RunSettings
from engine.workflow import prompt as prompts


def start(**widgets: Any) -> dict[str, Any]:
    return {"s": {"class_type": "HolafProfilerStart", "inputs": widgets}}


def test_good_values_are_taken_as_they_are() -> None:
    settings, notes = prompts.start_settings(
        start(
            run_name=" a ", interval_ms=200, timing="light", cache="cold", on_mismatch="block", enabled=False
        ),
        "s",
    )
    assert settings == RunSettings(
        run_name="a", interval_ms=200, timing="light", cache="cold", on_mismatch="block", enabled=False
    )
    assert notes == ()


@pytest.mark.parametrize(
    ("widgets", "interval_ms"),
    [
        ({"interval_ms": -5}, 10),
        ({"interval_ms": 10**9}, 1000),
        ({"interval_ms": "often"}, 50),
        ({"interval_ms": float("nan")}, 50),
        ({"interval_ms": True}, 50),
        ({"interval_ms": {"a": []}}, 50),
    ],
)
def test_absurd_intervals_are_replaced_and_noted(widgets: dict[str, Any], interval_ms: int) -> None:
    settings, notes = prompts.start_settings(start(**widgets), "s")
    assert settings.interval_ms == interval_ms
    assert len(notes) == 1
    assert "interval_ms" in notes[0]


def test_unknown_choices_fall_back_with_a_note_that_names_the_choices() -> None:
    settings, notes = prompts.start_settings(start(timing="x" * 10_000, cache=["keep"], run_name=["a"]), "s")
    assert (settings.timing, settings.cache) == ("precise", "keep")
    assert len(notes) == 2
    assert "precise, light" in notes[0]
    assert len(notes[0]) < 200


def test_a_wired_widget_gives_the_primitives_value() -> None:
    prompt = start(run_name=["p", 0], interval_ms=["missing", 0])
    prompt["p"] = {"class_type": "PrimitiveString", "inputs": {"value": "from a wire"}}
    settings, _ = prompts.start_settings(prompt, "s")
    assert (settings.run_name, settings.interval_ms) == ("from a wire", 50)


def test_a_wire_that_bites_its_own_tail_is_survived() -> None:
    prompt = start(run_name=["s", 0])
    prompt["s"]["inputs"]["value"] = ["s", 0]
    assert prompts.start_settings(prompt, "s")[0].run_name == ""


def test_the_start_that_is_switched_on_counts() -> None:
    off = {"class_type": "HolafProfilerStart", "inputs": {"enabled": False}}
    on = {"class_type": "HolafProfilerStart", "inputs": {"enabled": True}}
    assert prompts.find_start({"1": off, "2": on}) == "2"
    assert prompts.find_start({"1": off}) == "1"
    assert prompts.find_start({"1": {"class_type": "KSampler", "inputs": {}}}) is None


GRAPH: dict[str, Any] = {
    "start": {"class_type": "HolafProfilerStart", "inputs": {}},
    "load": {"class_type": "Loader", "inputs": {}},
    "decode": {"class_type": "Decode", "inputs": {"model": ["load", 0]}},
    "g": {"class_type": "HolafProfilerGroup", "inputs": {"profiler": ["start", 0]}},
    "report": {
        "class_type": "HolafProfilerReport",
        "inputs": {"images": ["decode", 0], "groups.group_0": ["g", 0], "groups.group_1": ["load", 0]},
    },
    "preview": {"class_type": "PreviewImage", "inputs": {"images": ["report", 0]}},
    "again": {"class_type": "Upscale", "inputs": {"image": ["preview", 0]}},
}


def test_everything_behind_a_report_is_no_part_of_the_measured_workflow() -> None:
    assert prompts.roles(GRAPH) == {
        "start": "profiler",
        "g": "profiler",
        "report": "profiler",
        "preview": "report_output",
        "again": "report_output",
    }


def test_only_groups_count_as_wired_groups() -> None:
    assert prompts.wired_groups(GRAPH, "report") == ("g",)
    assert prompts.wired_groups(GRAPH, "nowhere") == ()


def test_ancestors_follow_wires_up() -> None:
    assert prompts.ancestors(GRAPH, ["decode", "not there"]) == {"decode", "load"}


def test_group_widgets_are_read_line_by_line() -> None:
    prompt = {
        "9": {
            "class_type": "HolafProfilerGroup",
            "inputs": {"name": "", "members": " 3 \n\n*Loader*\n", "color": 12, "canvas_group": " Box "},
        }
    }
    (group,) = prompts.group_nodes(prompt)
    assert (group.name, group.members, group.color, group.canvas_group) == (
        "Group #9",
        ("3", "*Loader*"),
        "12",
        "Box",
    )
