"""Runs with overlapping nodes, with two GPUs, with names that break things."""

from __future__ import annotations

from dataclasses import replace

from engine.model import Event, Group, Overhead, Run, Segment, Step, StepDevice

from .chains import chain_run
from .parts import CPU_METRICS, GB, RTX_3060, RTX_4090, TIMESTAMP, positioned, series, step
from .sdxl import sdxl_run


def eventful_run() -> Run:
    """Scenes named by a node, two events next to each other, a text of half a page, and many at the end."""
    run = sdxl_run()
    total_s = run.total_time or 0.0
    named = [(0.0, "queued by the studio"), (9.0, "scene 1: the old harbour"), (9.1, "frame 12 sent")]
    named += [(20.0, "scene 2 " * 60), (total_s, "last frame")]
    crowd = [(total_s * (0.8 + number / 400), f"frame {number}") for number in range(40)]
    events = [
        Event(t_s=t_s, text=text, source="route", node_id="3" if "scene" in text else None)
        for t_s, text in sorted(named + crowd)
    ]
    return replace(run, id=140, name="events", events=tuple(events))


def async_run() -> Run:
    """Async nodes that overlap, one that waits for a lazy input, one that expands."""
    steps = [
        step("1", "LoadImage", 0.0, 0.4, ram_gb=(2.0, 2.1, 2.1)),
        Step(
            node_id="2",
            node_type="ApiImageNode",
            node_title="Remote upscaler",
            start_s=0.4,
            end_s=6.4,
            exec_time=6.0,
            self_time_s=0.02,
            wall_time_s=6.0,
            shared=True,
            segments=(Segment("run", 0.4, 0.42), Segment("async", 0.42, 6.4)),
        ),
        Step(
            node_id="3",
            node_type="ApiImageNode",
            node_title="Remote captioner",
            start_s=0.45,
            end_s=4.2,
            exec_time=3.75,
            self_time_s=0.01,
            wall_time_s=3.75,
            shared=True,
            segments=(Segment("run", 0.45, 0.46), Segment("async", 0.46, 4.2)),
        ),
        Step(
            node_id="4",
            node_type="LazySwitch",
            node_title="Switch",
            start_s=0.5,
            end_s=3.1,
            exec_time=0.1,
            self_time_s=0.1,
            wall_time_s=2.6,
            segments=(Segment("run", 0.5, 0.55), Segment("lazy", 0.55, 3.05), Segment("run", 3.05, 3.1)),
        ),
        step("5", "KSampler", 0.55, 2.5, ram_gb=(2.1, 3.0, 2.4), shared=True),
        Step(
            node_id="6",
            node_type="LoopOpen",
            node_title="For each tile",
            start_s=6.45,
            end_s=9.9,
            exec_time=0.05,
            self_time_s=0.05,
            wall_time_s=3.45,
            segments=(Segment("run", 6.45, 6.48), Segment("expand", 6.48, 9.88), Segment("run", 9.88, 9.9)),
        ),
        *(
            step(
                f"6.0.0.{tile + 1}",
                "VAEDecodeTiled",
                6.5 + tile * 1.12,
                1.1,
                title=f"Tile {tile + 1}",
                display_node_id="6",
                parent_node_id="6",
                ram_gb=(2.4, 3.4, 2.5),
            )
            for tile in range(3)
        ),
    ]
    total_s = 9.92
    return Run(
        id=31,
        name="async and lazy",
        timestamp=TIMESTAMP,
        status="success",
        total_time=total_s,
        steps=positioned(steps),
        series=(
            series(
                "ram_bytes", "B", [(0, 2), (3, 3), (6, 2.4), (9, 3.4), (9.92, 2.5)], total_s, 198, scale=GB
            ),
            series(
                "machine_cpu_percent", "%", [(0, 20), (3, 90), (3.2, 4), (6.4, 4), (6.6, 88)], total_s, 20
            ),
        ),
        metrics=CPU_METRICS,
        overhead=Overhead(boundary_s=0.001, sampler_s=0.004),
    )


def two_gpu_run() -> Run:
    """The text encoder on a second card."""
    run = sdxl_run()
    steps = []
    for one in run.steps:
        second = 7.6 if one.node_type == "CLIPTextEncode" else 5.1 if one.position >= 2 else 0.2
        entries = (
            StepDevice(
                device="cuda:0", vram_start=one.vram_start, vram_max=one.vram_max, vram_end=one.vram_end
            ),
            StepDevice(device="cuda:1", vram_max=int(second * GB)),
        )
        steps.append(replace(one, devices=entries))
    points = [(0, 0.2), (7, 0.2), (9.5, 5.1), (10.5, 7.6), (11.5, 7.4), (12, 5.1), (41.2, 5.1)]
    extra = (
        series("vram_bytes", "B", points, 41.2, 824, device="cuda:1", scale=GB),
        series(
            "gpu_load_percent",
            "%",
            [(0, 0), (9.9, 0), (10, 88), (11.7, 90), (11.9, 0)],
            41.2,
            824,
            device="cuda:1",
        ),
    )
    return replace(
        run, id=134, devices=(RTX_4090, RTX_3060), steps=tuple(steps), series=(*run.series, *extra)
    )


def hostile_run() -> Run:
    """Titles that are long, foreign, empty, or code for something else."""
    titles = [
        "A very long title that somebody wrote to remember which of the seven loaders this was, v2 (copy)",
        "$\\frac{a}{b}$ costs $5_000",
        "<img src=x onerror=alert(1)>",
        "キーサンプラー(高解像度修正)",
        "😀🔥 Prompt ✨👩‍👩‍👧",
        "line one\nline two\ttabbed\x00\x1b[31m",
        "\u202egnp.exe KSampler",
        "",
        "مُعايِن العينات",
        "a_b^c {not} %s %(x)d \\n",
        "|markdown|table| `code` **bold**",
        '=HYPERLINK("http://x","y")',
    ]
    run = chain_run(12, 9.0, seed=3)
    steps = [replace(one, node_title=title) for one, title in zip(run.steps, titles, strict=True)]
    groups = (
        Group(name="無効な色 <b>", color="chartreuse-ish", members=("1", "2", "3"), patterns=("1", "2", "3")),
        Group(name="$x_1$ " + "long group name " * 6, color="#0af", members=("3", "4"), patterns=("4", "3")),
        Group(name="Nothing", color="#ff0000", patterns=("Nope*", "99"), unmatched=("Nope*", "99")),
    )
    warnings = (
        "The history could not be written: the disk is full. This report is complete,"
        " the run is not in the history.",
    )
    return replace(
        run, name="run $_{name}$ <script> " * 5, steps=tuple(steps), groups=groups, warnings=warnings
    )
