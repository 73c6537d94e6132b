"""Limits in words, and whether a run keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.analysis.budget import Limit, check, parse
from engine.model import Group, Run
from tests.builders import RUNS

GB = 2.0**30


def one(line: str) -> Limit:
    [limit], problems = parse(line)
    assert problems == ()
    return limit


@pytest.mark.parametrize(
    ("line", "metric", "value", "scope", "name", "relative"),
    [
        ("time <= 30 s", "time", 30.0, "run", "", False),
        ("  TIME<=1.5min ", "time", 90.0, "run", "", False),
        ("time < 250 ms", "time", 0.25, "run", "", False),
        ("vram <= 11,5 GB", "vram", 11.5 * GB, "run", "", False),
        ("energy <= 2 Wh", "energy", 7200.0, "run", "", False),
        ("node KSampler time <= 5 s", "time", 5.0, "node", "KSampler", False),
        ("node 3 ram <= 8 GiB", "ram", 8 * GB, "node", "3", False),
        ("group My Samplers time <= +10 %", "time", 0.1, "group", "My Samplers", True),
        ("time <= -2 s", "time", -2.0, "run", "", True),
    ],
)
def test_lines_that_are_limits(
    line: str, metric: str, value: float, scope: str, name: str, relative: bool
) -> None:
    limit = one(line)
    assert (limit.metric, limit.scope, limit.name, limit.is_relative) == (metric, scope, name, relative)
    assert limit.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("fast please", "is no limit"),
        ("time <= 30 GB", "no unit"),
        ("vram <= 10 %", "against the baseline"),
        ("time >= 3 s", "is no limit"),
        ("time <= s", "is no limit"),
    ],
)
def test_lines_that_are_none_say_why(line: str, why: str) -> None:
    limits, problems = parse(line)
    assert limits == ()
    assert why in problems[0]


def test_comments_and_empty_lines_are_left_out() -> None:
    assert parse("# a note\n\n  \ntime <= 3 s") == ((one("time <= 3 s"),), ())


def texts(lines: str, run: Run, *baseline: Run) -> list[str]:
    return [found.text for found in check(parse(lines)[0], run, baseline)]


def test_each_limit_says_what_was_measured_and_by_how_much() -> None:
    run = RUNS["sdxl"]()
    assert texts("time <= 30 s\nvram <= 20 GB\nnode KSampler time <= 20 s\nnode 8 time <= 1 min", run) == [
        "EXCEEDED  time <= 30 s: 41.2 s, 11.2 s (37 %) too much",
        "kept      vram <= 20 GB: 18.3 GB",
        "EXCEEDED  node KSampler time <= 20 s: 24.6 s, 4.6 s (23 %) too much",
        "kept      node 8 time <= 1 min: 3.4 s",
    ]


def test_against_the_baseline() -> None:
    run = RUNS["sdxl"]()
    assert texts("time <= +10 %", run) == [
        "UNKNOWN   time <= +10 %: there is no baseline to compare with; pin a run of this workflow"
    ]
    quicker = [replace(run, total_time=time_s) for time_s in (30.0, 32.0, 90.0)]
    assert texts("time <= +10 %\ntime <= +10 s", run, *quicker) == [
        "EXCEEDED  time <= +10 %: 41.2 s (allowed: 35.2 s), 6.0 s (17 %) too much",
        "kept      time <= +10 s: 41.2 s (allowed: 42.0 s)",
    ]


def test_groups_add_up_and_what_is_not_there_is_unknown() -> None:
    run = replace(RUNS["sdxl"](), groups=(Group(name="Prompts", members=("6", "7")),))
    assert texts("group prompts time <= 1 s", run) == [
        "EXCEEDED  group prompts time <= 1 s: 1.8 s, 800 ms (80 %) too much"
    ]
    assert "there is no group" in texts("group Other time <= 1 s", run)[0]
    assert "there is no node" in texts("node Other time <= 1 s", run)[0]
    assert "not measured" in texts("energy <= 5 J", replace(run, energy_joules=None))[0]
