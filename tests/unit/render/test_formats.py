"""Each file format read back with an ordinary reader of that format."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from dataclasses import fields, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

from engine.model import Run, Step
from engine.render.formats import FORMATS, UnknownFormatError, export, summary_json
from engine.render.report import prepare
from tests import builders


def strict(data: bytes) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(data, parse_constant=refuse)


@pytest.mark.parametrize("name", ["hostile", "empty", "crashed"])
def test_every_format_takes_every_run(name: str) -> None:
    run = builders.RUNS[name]()
    assert FORMATS == ("collapsed", "csv", "html", "issue", "json", "md", "png", "speedscope", "trace", "txt")
    for fmt in FORMATS:
        made = export(prepare(run), fmt)
        assert made.data or fmt == "collapsed"  # a run without samples has no stacks
        assert made.filename_suffix.startswith(".")
        assert "/" in made.mime


def test_unknown_format_is_named_with_the_choice() -> None:
    with pytest.raises(UnknownFormatError, match=r"docx.*csv, html"):
        export(prepare(builders.empty_run()), "docx")


def test_json_has_the_models_names_and_null_for_not_measured() -> None:
    run = builders.sdxl_run()
    steps = (replace(run.steps[0], exec_time=float("nan"), node_title="lone \ud800 half"), *run.steps[1:])
    document = strict(export(prepare(replace(run, steps=steps)), "json").data)
    assert set(document["run"]) == {entry.name for entry in fields(Run)}
    first = document["run"]["steps"][0]
    assert set(first) == {entry.name for entry in fields(Step)}
    assert first["exec_time"] is None
    assert first["energy_joules"] is None
    assert document["run"]["steps"][6]["exec_time"] == 24.6
    assert document["run"]["series"][0]["value"] == list(run.series[0].value)


def test_csv_reads_back_as_the_steps() -> None:
    run = builders.hostile_run()
    rows = list(csv.DictReader(io.StringIO(export(prepare(run), "csv").data.decode("utf-8-sig"))))
    assert len(rows) == len(run.steps)
    for row, step in zip(rows, run.steps, strict=True):
        assert float(row["exec_time"]) == step.exec_time
        assert int(row["vram_max"]) == step.vram_max
        assert row["energy_joules"] == ""
    assert rows[2]["groups"] == "無効な色 <b>; $x_1$ " + ("long group name " * 6)
    formulas = [cell for row in rows for cell in row.values() if cell.startswith(("=", "@"))]
    assert formulas == []


class Page(HTMLParser):
    """Collects what a browser would make of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, list[dict[str, str | None]]] = defaultdict(list)
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag].append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_html_keeps_titles_text_and_loads_nothing() -> None:
    page = Page()
    page.feed(export(prepare(builders.hostile_run()), "html").data.decode("utf-8"))
    assert len(page.tags["script"]) == 3
    assert not [script for script in page.tags["script"] if "src" in script]
    assert len(page.tags["img"]) == 1
    assert str(page.tags["img"][0]["src"]).startswith("data:image/png;base64,")
    assert any("<img src=x onerror=alert(1)>" in part for part in page.said)
    attributes = [key for tags in page.tags.values() for tag in tags for key in tag]
    assert not [key for key in attributes if key.startswith("on")]
    assert not page.tags["link"]
    assert len(page.tags["tr"]) == 2 + 12 + 3


def test_trace_slices_nest_and_carry_the_times() -> None:
    run = builders.async_run()
    events = strict(export(prepare(run), "trace").data)["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    nodes = {event["args"]["node_id"]: event for event in slices if event.get("cat") == "node"}
    assert nodes["5"]["ts"] == pytest.approx(0.55e6)
    assert nodes["5"]["dur"] == pytest.approx(2.5e6)
    assert nodes["2"]["tid"] != nodes["3"]["tid"]
    for track in {event["tid"] for event in slices}:
        ends: list[float] = []
        for event in sorted(
            (one for one in slices if one["tid"] == track), key=lambda one: (one["ts"], -one["dur"])
        ):
            while ends and ends[-1] <= event["ts"] + 0.5:
                ends.pop()
            assert not ends or event["ts"] + event["dur"] <= ends[-1] + 0.5
            ends.append(event["ts"] + event["dur"])
    counters = {event["name"] for event in events if event["ph"] == "C"}
    assert counters == {"RAM", "CPU load, whole machine"}
    threads = {event["tid"] for event in events if event["name"] == "thread_name"}
    assert {event["tid"] for event in slices} <= threads


def test_trace_has_a_track_for_each_kind_of_work() -> None:
    run = builders.sdxl_run()
    report = replace(
        builders.step("90", "HolafProfilerReport", 41.2, 3.0), role="profiler", position=len(run.steps)
    )
    loader = replace(run.steps[0], load_spans=((0.5, 2.0), (2.5, 5.0)))
    run = replace(run, steps=(loader, *run.steps[1:], report))
    events = strict(export(prepare(run), "trace").data)["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    tracks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            tracks[names[event["tid"]]].append(event)
    assert set(tracks) == {
        "nodes",
        "model loading",
        "sampler steps",
        "profiler nodes and what waits for the Report",
        *(f"group {group.name}" for group in run.groups),
    }
    assert len(tracks["nodes"]) == len(run.measured_steps)
    (own,) = tracks["profiler nodes and what waits for the Report"]
    assert own["dur"] == pytest.approx(3e6)
    assert len(tracks["sampler steps"]) == 29, "when the first began, nobody knows"
    assert {round(event["dur"]) for event in tracks["sampler steps"]} == {790_000}
    loads = [(event["ts"], event["dur"]) for event in tracks["model loading"]]
    assert loads[:2] == [(0.5e6, 1.5e6), (2.5e6, 2.5e6)]
    samplers = tracks["group Sampling"]
    assert sum(event["dur"] for event in samplers) == pytest.approx(24.6e6)


def test_png_carries_the_summary_and_the_workflow() -> None:
    prompt = {"3": {"class_type": "KSampler", "inputs": {"cfg": float("inf")}}}
    run = replace(builders.sdxl_run(), prompt=prompt, workflow={"nodes": []})
    picture = Image.open(io.BytesIO(export(prepare(run), "png").data))
    assert picture.format == "PNG"
    summary = strict(picture.info["holaf_profile"])
    assert summary["headline"] == "KSampler takes 60 % of 41.2 s"
    assert strict(picture.info["prompt"])["3"]["class_type"] == "KSampler"
    assert strict(picture.info["workflow"]) == {"nodes": []}


def test_summary_stays_small() -> None:
    summary = summary_json(prepare(builders.chain_run(1000, 600.0)))
    assert len(json.dumps(summary)) < 8_000
    assert summary["total_time"] == 600.0
    assert [step["exec_time"] for step in summary["steps"]] == sorted(
        (step["exec_time"] for step in summary["steps"]), reverse=True
    )


def test_markdown_tables_have_as_many_cells_in_each_row() -> None:
    text = export(prepare(builders.hostile_run()), "md").data.decode("utf-8")
    assert "<img" not in text
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 2
    for block in blocks:
        cells = {line.replace("\\|", "").count("|") for line in block}
        assert len(cells) == 1


def test_events_stand_in_the_trace_and_in_the_text() -> None:
    run = builders.eventful_run()
    trace = strict(export(prepare(run), "trace").data)["traceEvents"]
    marks = [(event["ts"], event["name"]) for event in trace if event.get("cat") == "event"]
    assert marks == [(pytest.approx(event.t_s * 1e6), event.text) for event in run.events]
    text = export(prepare(run), "txt").data.decode()
    assert "9.0 s  scene 1: the old harbour" in text
    assert "and 25 more" in text
