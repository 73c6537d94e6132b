"""Pictures, tables and sentences about several runs."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.compare import compare
from engine.analysis.matrix import matrix
from engine.analysis.trends import trends
from engine.model import OwnerTime
from engine.render import comparison_files, comparison_table, comparison_words, matrix_table, trend_words
from engine.render.chart.comparison import draw_comparison
from engine.render.chart.matrix import draw_matrix
from engine.render.chart.trend import draw_trend
from tests.planted.histories import evidence
from tests.planted.trends import timed_workflow

TIMES = {
    number: {"1": 1.0 + number % 3 / 100, "2": (5.0 if number < 6 else 6.5) + number % 2 / 100}
    for number in range(1, 11)
}
NAMES = {number: f"run {number}" for number in TIMES}
SIDES = ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_comparison_is_drawn_for_few_and_many_nodes(theme: str) -> None:
    many = {number: {str(node): 1.0 + node * number / 100 for node in range(200)} for number in range(1, 5)}
    for sides, times in ((SIDES, TIMES), (([1], [2]), many), (([1], [2]), {1: {}, 2: {}})):
        found = compare(*sides, evidence(times))  # type: ignore[arg-type]
        picture = draw_comparison(found, NAMES, theme=theme)
        assert picture.width == 1600
        assert 200 < picture.height < 1800


def test_a_comparison_answers_first() -> None:
    found = compare(*SIDES, evidence(TIMES))  # type: ignore[arg-type]
    text = comparison_table.render(found, NAMES)
    assert text.startswith("25 % slower: 7.5 s instead of 6.0 s (5 runs against 5 runs)\n")
    [row] = [line for line in text.splitlines() if line.endswith(" T2")]
    assert "+30 %" in row
    assert "slower" in row


def test_a_comparison_says_whose_code_took_the_time_on_both_sides() -> None:
    core = {run_id: OwnerTime("1", "core", "ComfyUI", 2.0) for run_id in (1, 2)}
    times = {1: (core[1],), 2: (core[2], OwnerTime("1", "pack", "<b>Extra</b>", 38.0, True))}
    found = compare([1], [2], replace(evidence({1: {"1": 2.0}, 2: {"1": 40.0}}), owner_times=times))
    table = comparison_table.render(found, {})
    assert re.search(r"0 s +38\.0 s +\+38\.0 s +<b>Extra</b>", table), table
    assert re.search(r"2\.0 s +2\.0 s +±0 s? +±0 % +ComfyUI", table), table
    files = {fmt: comparison_files.render(found, {}, fmt).decode() for fmt in comparison_files.MIMES}
    assert "code,,<b>Extra</b>,,time_s,0.0,38.0,38.0,,,,\r\n" in files["csv"]
    assert "| &lt;b&gt;Extra&lt;/b&gt; | 0 s | 38.0 s | +38.0 s |" in files["md"]
    assert "&lt;b&gt;Extra&lt;/b&gt;" in files["html"]


def test_a_verdict_says_what_it_lacks() -> None:
    single = compare([1], [6], evidence(TIMES)).totals["total_time"]
    assert comparison_words.verdict(single) == "one run a side: cannot tell"
    known = compare(
        [5], [6], evidence(TIMES | {n: TIMES[n % 5 + 1] for n in range(20, 40)}, history=range(20, 40))
    )
    assert comparison_words.verdict(known.totals["total_time"]).startswith("more than the ")
    wild = {number: {"1": 1.0 + number % 3} for number in range(1, 7)}
    few = compare([1, 2, 3], [4, 5, 6], evidence(wild)).totals["total_time"]
    assert "more runs a side" in comparison_words.verdict(few)
    same = compare([5], [6], evidence({n: {"1": 1.0 + n / 1e6} for n in range(1, 40)}, history=range(7, 40)))
    assert comparison_words.verdict(same.totals["total_time"]) == "within the 1 % that single runs differ by"


def test_where_the_run_cannot_be_told_its_nodes_may_be() -> None:
    wild = {n: {"1": 20.0 + n * 7 % 5 * 4, "2": (5.0 if n < 6 else 6.5) + n % 2 / 100} for n in TIMES}
    found = compare(*SIDES, evidence(wild))  # type: ignore[arg-type]
    assert comparison_words.surest(found) == "What is sure: T2 +30 %."
    assert comparison_table.render(found, NAMES).splitlines()[1] == "What is sure: T2 +30 %."
    assert comparison_words.surest(compare(*SIDES, evidence(TIMES))) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 2, 40, 1000])
def test_a_trend_is_drawn_for_any_number_of_runs(count: int) -> None:
    times = np.exp(0.05 * np.random.default_rng(1).standard_normal((2, count)))
    times[:, count // 2 :] *= 2.0
    found = trends(timed_workflow(times))
    chosen = trend_words.select(found, "total", "time")
    assert chosen is not None
    assert draw_trend(found, chosen, theme="light").width == 1600
    text = trend_words.table(found, chosen)
    if count == 40:
        assert text.startswith("Run time: 99.9 % slower since run 21 (")
        assert "nothing recorded" in text


def test_a_series_is_chosen_by_node_group_or_total() -> None:
    found = trends(timed_workflow(np.ones((2, 3))))
    for what, title in (("total", "Run time"), ("1", "T1"), ("#1", "T1"), ("T1", "T1")):
        chosen = trend_words.select(found, what, "time")
        assert chosen is not None
        assert chosen.title == title
    assert trend_words.select(found, "nobody", "time") is None


SETS = ([1, 2, 3], [4, 5], [6, 7], [8, 9, 10])
SET_NAMES = (
    "before the update",
    "last 2",
    "euler, 20 steps",
    "this run and a name that goes on and on and on",
)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("count", [2, 4])
def test_sets_against_each_other_are_drawn(theme: str, count: int) -> None:
    picture = draw_matrix(matrix(SETS[:count], evidence(TIMES)), SET_NAMES[:count], theme=theme)
    assert picture.width == 1600
    assert 300 < picture.height < 1500


def test_sets_against_each_other_answer_first_and_say_how_sure() -> None:
    found = matrix(SETS, evidence(TIMES))
    assert matrix_table.headline(found, SET_NAMES) == (
        "Fastest: before the update, 6.0 s, surely faster than euler, 20 steps, "
        "this run and a name that goes on and on and on"
    )
    text = matrix_table.render(found, SET_NAMES)
    assert "4. this run and a…and on and on" in text
    assert "+25 %" in text
