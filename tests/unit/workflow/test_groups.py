"""Which nodes a line means, what stands inside what, and how long looking takes."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Group
from engine.workflow.groups import GLOBS_MAX, UNMATCHED_MAX, Node, groups_of, outermost, resolve

NODES = [
    Node("3", "KSampler", "KSampler"),
    Node("6", "Positive prompt", "CLIPTextEncode"),
    Node("7:3", "Inner sampler", "KSampler"),
    Node("7:12:4", "Deep [x]?", "VAEDecode"),
    Node("30", "Load $model*", "UNETLoader"),
]


def members(pattern: str, nodes: list[Node] = NODES) -> list[str]:
    (group,) = resolve([Group(name="g", patterns=(pattern,))], nodes)
    return list(group.members)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("3", ["3"]),
        ("#3", ["3"]),
        ("7", ["7:3", "7:12:4"]),
        ("#7", ["7:3", "7:12:4"]),
        ("7:12", ["7:12:4"]),
        ("7:*", ["7:3", "7:12:4"]),
        ("positive PROMPT", ["6"]),
        (" positive  prompt ", ["6"]),
        ("*prompt", ["6"]),
        ("*sampler*", ["3", "7:3"]),
        ("KSampler", ["3", "7:3"]),
        ("*Loader", ["30"]),
        ("Deep [x]?", ["7:12:4"]),
        ("deep [x]*", ["7:12:4"]),
        ("Load $model*", ["30"]),
        ("*", ["3", "6", "7:3", "7:12:4", "30"]),
    ],
)
def test_pattern_means(pattern: str, expected: list[str]) -> None:
    assert members(pattern) == expected


@pytest.mark.parametrize("pattern", ["99", "ksampler 2", "clipte[x]t*", "Deep [xyz]?", "7:", "K*K"])
def test_pattern_that_means_nothing_is_kept_for_the_report(pattern: str) -> None:
    (group,) = resolve([Group(name="g", patterns=(pattern, "3"))], NODES)
    assert group.members == ("3",)
    assert group.unmatched == (pattern,)


def test_members_are_nodes_of_the_run_and_blank_lines_mean_nothing() -> None:
    (group,) = resolve([Group(name="g", members=("42", "7"), patterns=("", "  ", " 6 "))], NODES)
    assert group.members == ("6", "7:3", "7:12:4")
    assert group.unmatched == ()


def test_nodes_inside_belong_where_their_parent_belongs() -> None:
    nodes = [
        Node("2", "Loop", "Loop"),
        Node("2.0.0.1", "A", "A", display_node_id="2", parent_node_id="2"),
        Node("x9", "B", "B", parent_node_id="2.0.0.1"),
        Node("8:5", "C", "C"),
        Node("odd", "D", "D", display_node_id="8"),
    ]
    assert members("Loop", nodes) == ["2", "2.0.0.1", "x9"]
    assert members("A", nodes) == ["2.0.0.1", "x9"]
    (group,) = resolve([Group(name="g", members=("8",))], nodes)
    assert group.members == ("8:5", "odd")


def test_a_member_that_was_moved_into_a_subgraph_stays_one() -> None:
    moved = [Node("9:5", "Moved", "KSampler"), Node("9:6:8", "Deep", "VAEDecode"), Node("7:3"), Node("2:3")]
    (group,) = resolve([Group(name="g", members=("5", "8"))], moved)
    assert group.members == ("9:5", "9:6:8")
    assert members("#6", moved) == ["9:6:8"], "a subgraph that was moved brings along what is inside"
    assert members("3", moved) == [], "which of the two is not known"
    assert members("3") == ["3"], "the node that still has the id is the one"


def test_nodes_that_name_each_other_as_parent_end() -> None:
    nodes = [Node("1", parent_node_id="2"), Node("2", parent_node_id="1")]
    assert members("1", nodes) == ["1", "2"]


def test_a_definition_names_the_outermost_only() -> None:
    assert outermost(("2", "2.0.0.1", "7:3", "8:1:2", "8:1")) == ("2", "7:3", "8:1")


def test_groups_come_from_the_prompt_then_from_the_panel() -> None:
    prompt = {
        "50": {"class_type": "HolafProfilerGroup", "inputs": {"name": "own", "members": "3\nNope"}},
        "51": {"class_type": "HolafProfilerGroup", "inputs": {"name": "boxed", "canvas_group": "Box"}},
    }
    workflow = {
        "groups": [{"title": "box", "bounding": [0, 0, 100, 100]}],
        "nodes": [{"id": 6, "pos": [10, 40], "size": [20, 20]}],
    }
    stored = (
        Group(name="old name", source_node_id="50", id=1),
        Group(name="of a node that was deleted", source_node_id="99", members=("3",), id=2),
        Group(name="the panel's", members=("7",), id=3),
    )
    found = groups_of(prompt, workflow, NODES, stored)
    assert [(group.id, group.name, group.members, group.unmatched) for group in found] == [
        (1, "own", ("3",), ("Nope",)),
        (None, "boxed", ("6",), ()),
        (3, "the panel's", ("7:3", "7:12:4"), ()),
    ]
    assert groups_of(prompt, None, NODES)[1].unmatched == ("canvas group “Box”",)


@given(st.text("ab*", max_size=8), st.text("abA", max_size=10))
def test_globs_mean_what_a_backtracking_matcher_says(pattern: str, title: str) -> None:
    wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    expected = bool(pattern) and bool(wanted.fullmatch(title.lower()))
    assert bool(members(pattern, [Node("1", title, "-")])) == (expected or pattern in ("1", "-", "*"))


def test_hostile_patterns_take_no_time() -> None:
    """The first froze a server for 196 s, the second took 37 s; CPU time, so that no other process counts."""
    nodes = [Node(str(number), "a" * 5000, "T") for number in range(50)]
    lines = tuple(f"no such node {number}" for number in range(20_000))
    many = tuple(f"*a*{number}" for number in range(20_000))
    began_s = time.process_time()
    assert members("*a" * 30 + "*b", nodes) == []
    (exact,) = resolve(
        [Group(name="g", patterns=lines)], [Node(str(number), f"node {number}") for number in range(1000)]
    )
    (globs,) = resolve([Group(name="g", patterns=many)], nodes)
    assert time.process_time() - began_s < 5.0
    assert len(exact.unmatched) == UNMATCHED_MAX + 1
    assert exact.unmatched[-1] == "… and 19,950 more lines"
    assert GLOBS_MAX < 20_000
    assert globs.members == ()


def test_groups_that_nobody_coloured_get_colours_of_their_own() -> None:
    def node(**inputs: str) -> dict[str, object]:
        return {"class_type": "HolafProfilerGroup", "inputs": {"color": "#56b4e9", **inputs}}

    prompt = {"1": node(), "2": node(color="#E69F00"), "3": node(), "4": node()}
    first, chosen, third, fourth = (group.color for group in groups_of(prompt, None, NODES))
    assert chosen == "#E69F00"
    assert len({first, chosen, third, fourth}) == 4
