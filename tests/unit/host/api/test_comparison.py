"""Runs against runs, as the routes answer it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from engine.host.api import (
    comparison,
    groups,
    runs,
)
from engine.host.api.call import RefusedError
from engine.store import errors
from tests.unit.host.api.bench import Bench


def test_a_pinned_run_is_the_baseline(bench: Bench) -> None:
    slow = bench.record({"1": 1.0, "2": 4.0})
    fast = bench.record({"1": 1.0, "2": 2.0})
    found = bench.call(comparison.compare_runs, query={"ids": [slow, fast]})
    assert (found["baseline_ids"], found["nodes"][0]["deltas"]["exec_time"]["change"]) == ((slow,), -2.0)
    bench.call(runs.edit_run, path={"run_id": fast}, body={"pinned": True})
    found = bench.call(comparison.compare_runs, query={"ids": [slow, fast]})
    assert (found["baseline_ids"], found["nodes"][0]["deltas"]["exec_time"]["change"]) == ((fast,), 2.0)
    for query in ({"ids": [slow, slow]}, {"ids": [slow, fast], "baseline": [99]}):
        with pytest.raises(RefusedError):
            bench.call(comparison.compare_runs, query=query)
    with pytest.raises(errors.NotInHistory):
        bench.call(comparison.compare_runs, query={"ids": [slow, 99]})


def test_a_comparison_says_what_was_different_on_each_side(bench: Bench) -> None:
    """Under the names that the page reads: a driver's number, not n/a."""
    old = bench.record({"1": 1.0}, environment={"torch.version": "2.10", "os": "linux"})
    new = bench.record({"1": 1.0}, environment={"torch.version": "2.11", "os": "linux"})
    changes = bench.call(comparison.compare_runs, query={"ids": [old, new]})["changes"]
    found = [(change["title"], change["before"], change["after"]) for change in changes]
    assert found == [("torch.version", "2.10", "2.11")]


def test_a_comparison_is_a_file_in_each_format(bench: Bench) -> None:
    before = bench.record({"1": 1.0, "2": 2.0}, name="=cmd <b>|")
    after = bench.record({"1": 1.0, "2": 3.5})
    bench.call(groups.create_group, body={"name": "both | <b>", "members": ["1", "2"], "workflow_id": "wf"})

    def text(file_format: str) -> str:
        query = {"baseline": [before], "candidate": [after]}
        file = bench.call(comparison.export_comparison, path={"file_format": file_format}, query=query)
        assert file.name == f"comparison_{before}_{after}.{file_format}"
        return str(file.content.decode("utf-8-sig"))

    rows = list(csv.DictReader(io.StringIO(text("csv"))))
    found = {(row["of"], row["node_id"], row["metric"]): row for row in rows}
    assert float(found["node", "2", "exec_time"]["change"]) == 1.5
    assert float(found["group", "", "exec_time"]["candidate"]) == 4.5
    assert found["run", "", "total_time"]["verdict"]
    page = text("html")
    assert "both | &lt;b&gt;" in page
    assert "<b>" not in page
    tables = [block for block in text("md").split("\n\n") if block.startswith("|")]
    assert len(tables) == 3
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


def test_sets_of_runs_are_compared_each_with_each(bench: Bench) -> None:
    ids = [bench.record({"1": 1.0, "2": seconds}) for seconds in (2.0, 2.01, 2.0, 3.0, 3.01, 3.0, 2.0)]
    sets = f"{ids[0]},{ids[1]},{ids[2]}|{ids[3]},{ids[4]},{ids[5]}|{ids[6]}"
    answer = bench.call(comparison.compare_sets, query={"sets": sets})
    assert [each["run_ids"] for each in answer["sets"]] == [tuple(ids[:3]), tuple(ids[3:6]), tuple(ids[6:])]
    square = answer["totals"]["total_time"]["deltas"]
    assert (square[1][0]["verdict"], square[0][1]["verdict"], square[0][0]) == ("slower", "faster", None)
    assert answer["nodes"][0]["node_id"] == "2"
    json.dumps(answer)
    with pytest.raises(RefusedError, match="once"):
        bench.call(comparison.compare_sets, query={"sets": f"{ids[0]}|{ids[0]}"})
