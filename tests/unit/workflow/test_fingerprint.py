"""What counts as a change of a workflow, and what does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from engine.workflow.fingerprint import describe, diff, signatures, take

PROMPT: dict[str, Any] = {
    "1": {"class_type": "Loader", "inputs": {"name": "a"}, "_meta": {"title": "Load"}},
    "2": {
        "class_type": "KSampler",
        "inputs": {"model": ["1", 0], "clip": ["1", 1], "seed": 1},
        "_meta": {"title": "Sample"},
    },
    "10": {"class_type": "Save", "inputs": {"images": ["2", 0]}, "_meta": {"title": "Save"}},
}


def changed(**nodes: Any) -> dict[str, Any]:
    """The prompt with nodes put in, changed or (``None``) taken out; names are ``n`` + id."""
    prompt = copy.deepcopy(PROMPT)
    for name, node in nodes.items():
        node_id = name[1:].replace("_", ":")
        if node is None:
            del prompt[node_id]
        else:
            prompt[node_id] = {**prompt.get(node_id, {}), **node}
    return prompt


def details(prompt: dict[str, Any]) -> list[str]:
    return [change.detail for change in diff(take(PROMPT), take(prompt))]


@pytest.mark.parametrize(
    "prompt",
    [
        dict(reversed(PROMPT.items())),
        changed(n2={"inputs": {"seed": 99, "clip": ["1", 1], "model": ["1", 0], "prompt": "other"}}),
        changed(
            n20={"class_type": "HolafProfilerStart", "inputs": {}},
            n21={"class_type": "HolafProfilerReport", "inputs": {"images": ["2", 0], "profiler": ["20", 0]}},
            n22={"class_type": "PreviewImage", "inputs": {"images": ["21", 0]}},
        ),
        {node_id: {**node, "_meta": {}} for node_id, node in PROMPT.items()},
    ],
    ids=["another order", "other widget values", "profiler nodes and a preview of the report", "no titles"],
)
def test_is_the_same_workflow(prompt: dict[str, Any]) -> None:
    assert details(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (changed(n14={"class_type": "Upscale", "inputs": {}}), ["added: Upscale #14"]),
        (changed(n10=None), ["removed: Save #10"]),
        (
            changed(n2={"inputs": {"model": ["1", 1], "seed": 1}}),
            ["rewired: Sample #2 clip: Load #1 → –, model: Load #1 [0] → Load #1 [1]"],
        ),
        (changed(n2={"_meta": {"title": "Refine"}}), ["renamed: Refine #2 Sample → Refine"]),
        (changed(n10={"class_type": "Preview"}), ["retyped: Save #10 Save → Preview"]),
        (changed(n7_3={"class_type": "Inner", "inputs": {}}), ["added: Inner #7:3"]),
    ],
)
def test_says_what_changed(prompt: dict[str, Any], expected: list[str]) -> None:
    assert details(prompt) == expected


def test_a_value_that_becomes_a_wire_is_a_change() -> None:
    wired = changed(n2={"inputs": {"model": ["1", 0], "clip": ["1", 1], "seed": ["1", 2]}})
    assert details(wired) == ["rewired: Sample #2 seed: – → Load #1"]


def test_nodes_stand_in_the_order_of_their_numbers() -> None:
    prompt = {node_id: {"class_type": "N"} for node_id in ("10", "7:3", "2", "abc", "7")}
    assert [node.node_id for node in take(prompt).nodes] == ["2", "7", "7:3", "10", "abc"]


def test_the_graphs_own_id_is_the_identity() -> None:
    assert take(PROMPT, {"id": "mine"}).workflow_id == "mine"
    assert take(PROMPT, {"id": "a\ud800\0b"}).workflow_id == "a?b"
    assert take(PROMPT, {"id": 1 << 40_000}).workflow_id == take(PROMPT).workflow_id


@pytest.mark.parametrize("workflow", [None, {}, {"id": None}, {"id": ""}, {"id": ["x"]}])
def test_without_an_id_the_nodes_are_the_identity_whatever_their_links(workflow: Any) -> None:
    known = take(PROMPT, workflow).workflow_id
    for prompt in (
        changed(n2={"inputs": {"model": ["1", 1], "seed": 1}}),
        changed(n2={"_meta": {"title": "Refine"}}),
        changed(n10={"inputs": {"images": ["1", 0]}}),
    ):
        assert take(prompt, workflow).workflow_id == known
        assert take(prompt, workflow).hash != take(PROMPT).hash
    other = {"class_type": "N"}
    for prompt in (changed(n10=None), changed(n10=other), changed(n11=other)):
        assert take(prompt, workflow).workflow_id != known


def test_odd_entries_are_survived() -> None:
    prompt: dict[str, Any] = {
        "1": None,
        "2": {"class_type": 7},
        "3": {"class_type": "A", "inputs": None, "_meta": "x"},
        "4": {"class_type": "B", "inputs": {"x": ["404", 0], "y": [3, 0], "z": ["3", float("nan")]}},
    }
    nodes = take(prompt).nodes
    assert [(node.node_id, dict(node.links)) for node in nodes] == [("3", {}), ("4", {"x": ("404", 0)})]


def test_many_changes_are_summed_up() -> None:
    prompt = {str(number): {"class_type": "N"} for number in range(30)}
    text = describe(diff(take({}), take(prompt)))
    assert text.endswith("added: N #19; and 10 more")


def chain(length: int) -> dict[str, Any]:
    return {
        str(n): {"class_type": "Step", "inputs": {"x": [str(n - 1), 0]} if n else {"x": 0}}
        for n in range(length)
    }


def test_signatures_follow_everything_above() -> None:
    before = signatures(PROMPT)
    after = signatures(changed(n1={"inputs": {"name": "b"}}))
    assert all(before[node_id] != after[node_id] for node_id in PROMPT)
    after = signatures(changed(n10={"inputs": {"images": ["2", 0], "prefix": "x"}}))
    assert (before["1"], before["2"]) == (after["1"], after["2"])
    assert before["10"] != after["10"]


def test_signatures_know_no_ids_and_no_titles() -> None:
    renumbered = {
        "a": {"class_type": "Loader", "inputs": {"name": "a"}},
        "b": {"class_type": "KSampler", "inputs": {"seed": 1, "clip": ["a", 1], "model": ["a", 0]}},
    }
    assert signatures(renumbered)["b"] == signatures(PROMPT)["2"]


def test_signatures_of_long_chains_cycles_and_absurd_values() -> None:
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    prompt = chain(5_000)
    prompt["a"] = {"class_type": "A", "inputs": {"x": ["b", 0], "deep": deep}}
    prompt["b"] = {"class_type": "B", "inputs": {"x": ["a", 0], "nan": float("nan"), "bytes": b"x"}}
    found = signatures(prompt)
    assert found.keys() == prompt.keys()
    assert found == signatures(prompt)
    assert len(set(found.values())) == len(prompt)
