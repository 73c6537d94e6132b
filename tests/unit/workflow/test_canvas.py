"""Canvas groups by geometry, as ComfyUI's own workflow files give it."""

from __future__ import annotations

from typing import Any

from engine.workflow.canvas import group_members


def node(node_id: int, x: float, y: float, **more: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "Any", "pos": [x, y], "size": [100, 60], **more}


WORKFLOW: dict[str, Any] = {
    "groups": [
        {"title": "Loaders", "bounding": [0, 0, 300, 200]},
        {"title": "Empty", "bounding": [900, 900, 5, 5]},
    ],
    "nodes": [
        node(1, 10, 60),
        node(2, 260, 60),  # its centre (310, 75) lies outside
        node(3, 500, 60),
        node(4, 20, 60, pos={"0": 20, "1": 60}, size={"0": 100, "1": 60}),
        {"id": 7, "type": "sub-1", "pos": [600, 600], "size": [100, 60]},
        {"id": 8, "type": "Any"},
    ],
    "definitions": {
        "subgraphs": [
            {
                "id": "sub-1",
                "groups": [{"title": "inside", "bounding": [0, 0, 300, 200]}],
                "nodes": [node(3, 50, 50), {"id": 5, "type": "sub-1", "pos": [0, 0], "size": [10, 10]}],
            }
        ]
    },
}


def test_a_node_is_inside_when_its_centre_is() -> None:
    assert group_members(WORKFLOW, "loaders ") == ("1", "4")


def test_nodes_in_a_subgraph_come_with_their_execution_ids() -> None:
    # The subgraph holds itself here, which no real one does: it must end all the same.
    members = group_members(WORKFLOW, "inside")
    assert members[:2] == ("7:3", "7:5:3")
    assert len(members) <= 16


def test_unknown_and_empty_groups_have_no_members() -> None:
    assert group_members(WORKFLOW, "nobody") == ()
    assert group_members(WORKFLOW, "Empty") == ()
    assert group_members(WORKFLOW, "") == ()
    assert group_members({"groups": "x", "nodes": None, "definitions": 3}, "x") == ()
