"""What reports and files say about the inside of nodes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.model import Function
from engine.render.formats import export
from engine.render.report import prepare
from engine.render.stack_slices import stack_slices, totals
from engine.render.table import WIDTH, render
from tests.builders import inside_run, sdxl_run
from tests.builders.inside import from_paths

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "speedscope.json").read_text(encoding="utf-8"))


def speedscope(run: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(export(prepare(run), "speedscope").data)
    jsonschema.validate(found, SCHEMA)
    return found


def test_speedscope_follows_its_format_with_and_without_samples() -> None:
    run = inside_run()
    assert run.stacks is not None
    document = speedscope(run)
    assert len(document["profiles"]) == 1 + len(run.stacks.trees)
    count = len(document["shared"]["frames"])
    for profile in document["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert all(number < count for path in profile["samples"] for number in path)
        assert sum(profile["weights"]) == pytest.approx(profile["endValue"])
    own = [tree for tree in run.stacks.trees if not tree.thread]
    assert document["profiles"][0]["endValue"] == pytest.approx(sum(sum(tree.self_s) for tree in own))
    assert speedscope(sdxl_run())["profiles"][0]["samples"] == []


def test_collapsed_stacks_hold_the_same_time_and_no_stray_separators() -> None:
    run = inside_run()
    assert run.stacks is not None
    functions = (Function("odd;name\nwith <b>", "a.py", 1, 0), *run.stacks.functions[1:])
    run = replace(run, stacks=replace(run.stacks, functions=functions))
    assert run.stacks is not None
    lines = export(prepare(run), "collapsed").data.decode().splitlines()
    micros = sum(int(line.rpartition(" ")[2]) for line in lines)
    assert micros / 1e6 == pytest.approx(sum(sum(tree.self_s) for tree in run.stacks.trees), rel=1e-3)
    assert any("odd,name with <b>" in line for line in lines)
    assert max(line.count(";") for line in lines) == 8


def test_a_trace_shows_functions_within_their_nodes() -> None:
    run = inside_run()
    events = json.loads(export(prepare(run), "trace").data)["traceEvents"]
    inner = [event for event in events if event["ph"] == "X" and event["tid"] >= 1000]
    assert {event["name"] for event in inner} >= {"attention_pytorch", "waiting for the GPU"}
    nodes = [event for event in events if event["ph"] == "X" and event["tid"] < 1000]
    for event in inner:
        assert any(
            node["ts"] - 1 <= event["ts"] and event["ts"] + event["dur"] <= node["ts"] + node["dur"] + 1
            for node in nodes
        )


def test_slices_nest_and_the_longest_stands_first() -> None:
    run = inside_run()
    assert run.stacks is not None
    tree = from_paths("3", [((0, 1), 1.0), ((0, 2), 3.0)])
    run = replace(run, stacks=replace(run.stacks, trees=(tree,)))
    found = list(stack_slices(run))
    start_s = next(step.start_s for step in run.steps if step.node_id == "3")
    assert start_s is not None
    assert sorted((entry.start_s - start_s, entry.seconds) for entry in found) == [
        (pytest.approx(0.0), pytest.approx(3.0)),
        (pytest.approx(0.0), pytest.approx(4.0)),
        (pytest.approx(3.0), pytest.approx(1.0)),
    ]
    assert totals(tree)[0] == 4.0


def test_the_table_names_the_three_costliest_functions_of_the_slowest_node() -> None:
    text = render(prepare(inside_run()))
    assert "inside KSampler (#3)" in text
    assert "attention_pytorch  (comfy/ldm/modules/attention.py:470, ComfyUI)" in text
    assert "KSampler (#3): 24.6 s, of which 6.7 s in ComfyUI-ExtraModels" in text
    assert "time by code: ComfyUI" in text
    assert "1.4 times as long" in text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "inside" not in render(prepare(sdxl_run()))


def test_csv_and_markdown_say_whose_code_it_was() -> None:
    report = prepare(inside_run())
    assert "ComfyUI-ExtraModels 6.68" in export(report, "csv").data.decode("utf-8-sig")
    assert "attention_pytorch" in export(report, "md").data.decode()
