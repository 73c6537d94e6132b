"""What is stored once for many runs of a workflow, and what each run keeps for itself."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from engine.store.database import Database
from engine.store.history import History
from engine.store.structure import Document, texts
from engine.store.writer import RunWriter
from tests.unit.store.help import a_run, on_both_stores, query, record

INNER = {"id": 9, "type": "X", "widgets_values": {"a": 1}}
PROMPT: dict[str, Any] = {
    "1": {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "model": ["2", 0], "text": "a cat", "pair": [1, 2]},
    },
    "2": {"class_type": "Loader", "inputs": {"name": "sd.safetensors"}, "_meta": {"title": "Load"}},
}
GRAPH: dict[str, Any] = {
    "id": "wf",
    "nodes": [{"id": 1, "type": "KSampler", "widgets_values": [1, "a cat"], "pos": [0, 0], "size": [1, 1]}],
    "links": [[1, 2, 0, 1, 0, "MODEL"]],
    "extra": {"ds": {"scale": 1.0}},
    "definitions": {"subgraphs": [{"id": "s", "nodes": [INNER]}]},
}


def changed(path: list[Any], value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Prompt and graph with one value changed; a path begins with 0 for the prompt, 1 for the graph."""
    both = copy.deepcopy([PROMPT, GRAPH])
    place: Any = both
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return both[0], both[1]


@pytest.mark.parametrize(
    "path",
    [
        [0, "1", "inputs", "seed"],
        [0, "1", "inputs", "text"],
        [0, "1", "inputs", "pair"],
        [1, "nodes", 0, "widgets_values"],
        [1, "nodes", 0, "pos"],
        [1, "extra"],
        [1, "definitions", "subgraphs", 0, "nodes", 0, "widgets_values"],
    ],
)
@pytest.mark.parametrize("value", [2, 1.0, True, None, "ü\ud800", [3, {"a": []}], {}])
def test_a_value_is_kept_beside_the_structure(path: list[Any], value: Any) -> None:
    stored, queued = Document(*texts(PROMPT, GRAPH)), Document(*texts(*changed(path, value)))
    differences = queued.differences(stored)
    assert queued.structure() == Document(*texts(PROMPT, GRAPH)).structure()
    found = stored.with_differences(differences)
    assert json.dumps(found) == json.dumps(changed(path, value))  # 1 is not 1.0, and the order stays


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ([0, "1", "class_type"], "Other"),
        ([0, "1", "inputs", "model"], ["3", 0]),
        ([0, "2", "_meta", "title"], "New"),
        ([1, "nodes", 0, "type"], "Other"),
        ([1, "links"], []),
    ],
)
def test_another_structure_is_another(path: list[Any], value: Any) -> None:
    there = Document(*texts(PROMPT, GRAPH)).structure()
    assert Document(*texts(*changed(path, value))).structure() != there


@pytest.mark.parametrize(
    "prompt", [{}, {"1": None}, {"1": {"inputs": []}}, {"1": {"inputs": {"a": ["2", True]}}}]
)
def test_odd_prompts_come_back_too(prompt: dict[str, Any]) -> None:
    assert Document(*texts(prompt, None)).with_differences(None) == (prompt, None)
    assert Document(*texts(None, {"nodes": {}, "definitions": 3})).with_differences(None)[0] is None


@on_both_stores
def test_seeds_share_one_stored_workflow(database: Database, writer: RunWriter, history: History) -> None:
    seeds = random.Random(7)
    expected = {}
    for number in range(6):
        prompt, graph = changed([0, "1", "inputs", "seed"], seeds.randrange(2**63))
        if number == 4:
            prompt["3"] = {"class_type": "New", "inputs": {}}
        expected[record(writer, a_run(prompt=prompt, workflow=graph))] = (prompt, graph)
    assert query(database, "SELECT count(*) FROM profiler_workflows") == [(2,)]
    for run_id, (prompt, graph) in expected.items():
        assert history.workflow_of(run_id) == {"prompt": prompt, "workflow": graph}
