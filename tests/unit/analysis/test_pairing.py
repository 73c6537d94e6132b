"""Which node of one version is which node of another: every way in which a graph is edited."""

from __future__ import annotations

from typing import Any

import pytest

from engine.analysis.pairing import graph_nodes, pair

Prompt = dict[str, dict[str, Any]]


def node(kind: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title or f"{kind} node"}}


def workflow(**renamed: str) -> Prompt:
    """Two prompts into one sampler, then decode and save. ``renamed`` gives a node another id."""

    def key(name: str) -> str:
        return renamed.get(f"n{name}", name)

    return {
        key("1"): node("Loader"),
        key("2"): node("Encode", "Encode node", clip=[key("1"), 1], text="cat"),
        key("3"): node("Encode", "Encode node", clip=[key("1"), 1], text="dog"),
        key("4"): node("Latent"),
        key("5"): node(
            "Sampler",
            model=[key("1"), 0],
            positive=[key("2"), 0],
            negative=[key("3"), 0],
            latent=[key("4"), 0],
        ),
        key("6"): node("Decode", samples=[key("5"), 0], vae=[key("1"), 2]),
        key("7"): node("Save", images=[key("6"), 0]),
    }


def paired(before: Prompt, after: Prompt) -> dict[str | None, tuple[str | None, str]]:
    """For each node of the baseline (or ``None``) its node in the candidate and how it was found."""

    def nodes(prompt: Prompt) -> Any:
        seen = [(key, entry["class_type"], entry["_meta"]["title"]) for key, entry in prompt.items()]
        return graph_nodes(prompt, seen)

    return {
        made.baseline.node_id if made.baseline else None: (
            made.candidate.node_id if made.candidate else None,
            made.pairing,
        )
        for made in pair(nodes(before), nodes(after))
    }


def same(prompt: Prompt) -> dict[str | None, tuple[str | None, str]]:
    return {key: (key, "id") for key in prompt}


def test_an_unchanged_graph_pairs_by_id() -> None:
    assert paired(workflow(), workflow()) == same(workflow())


def test_renumbered_nodes_are_found_by_title_or_by_place() -> None:
    found = paired(workflow(), workflow(**{f"n{key}": str(int(key) + 100) for key in workflow()}))
    assert {old: new for old, (new, _) in found.items()} == {key: str(int(key) + 100) for key in workflow()}
    assert found["2"][1] == found["3"][1] == "place", "two nodes of one class and title: only the place tells"
    assert found["5"][1] == "title"


@pytest.mark.parametrize(("one", "other"), [("2", "3"), ("6", "7")])
def test_swapped_ids_are_seen_through(one: str, other: str) -> None:
    found = paired(workflow(), workflow(**{f"n{one}": other, f"n{other}": one}))
    assert (found[one][0], found[other][0]) == (other, one)


def test_swapped_ids_of_titled_nodes_of_one_class() -> None:
    before = workflow()
    before["2"]["_meta"]["title"], before["3"]["_meta"]["title"] = "Positive", "Negative"
    after = workflow(n2="3", n3="2")
    after["3"]["_meta"]["title"], after["2"]["_meta"]["title"] = "Positive", "Negative"
    found = paired(before, after)
    assert (found["2"][0], found["3"][0]) == ("3", "2")


def test_renamed_nodes_keep_their_identity() -> None:
    after = workflow()
    for entry in after.values():
        entry["_meta"]["title"] += " (mine)"
    assert paired(workflow(), after) == same(workflow())


def test_renamed_and_renumbered_nodes_are_found_by_their_place() -> None:
    after = workflow(**{f"n{key}": str(int(key) + 100) for key in workflow()})
    for entry in after.values():
        entry["_meta"]["title"] += " (mine)"
    found = paired(workflow(), after)
    assert {old: new for old, (new, _) in found.items()} == {key: str(int(key) + 100) for key in workflow()}
    assert {how for _, how in found.values()} == {"place"}


def test_a_node_of_another_class_in_the_same_place_is_the_same_node() -> None:
    after = workflow()
    after["5"] = {**after["5"], "class_type": "SamplerAdvanced"}
    found = paired(workflow(), after)
    assert found["5"] == ("5", "id")
    assert found == same(workflow())
    moved = workflow(n5="50")
    moved["50"] = {**moved["50"], "class_type": "SamplerAdvanced", "_meta": {"title": "Other"}}
    assert paired(workflow(), moved)["5"] == ("50", "place")


def test_nodes_that_move_into_a_subgraph_are_found() -> None:
    inside = {"n2": "20:2", "n3": "20:3", "n5": "20:5", "n6": "20:6"}
    found = paired(workflow(), workflow(**inside))
    assert {old: new for old, (new, _) in found.items()} == {
        **{key: key for key in ("1", "4", "7")},
        **{key.removeprefix("n"): new for key, new in inside.items()},
    }


def test_a_node_in_between_leaves_the_others_paired() -> None:
    after = workflow()
    after["8"] = node("Upscale", image=["6", 0])
    after["7"]["inputs"]["images"] = ["8", 0]
    found = paired(workflow(), after)
    assert found.pop(None) == ("8", "candidate only")
    assert found == same(workflow())


def test_what_is_gone_or_new_stays_unpaired() -> None:
    after = workflow()
    del after["4"]
    after["9"] = node("LoadImage")
    after["5"]["inputs"]["latent"] = ["9", 0]
    found = paired(workflow(), after)
    assert found["5"] == ("5", "id")
    assert found["4"] in {(None, "baseline only"), ("9", "place")}
    after["5"]["inputs"] = {**after["5"]["inputs"], "latent": ["1", 3]}
    del after["9"]
    assert paired(workflow(), after)["4"] == (None, "baseline only")


def test_without_a_graph_ids_and_titles_have_to_do() -> None:
    before = graph_nodes(None, [("1", "A", "one"), ("2", "A", "two"), ("3", "B", "three")])
    after = graph_nodes(None, [("2", "A", "one"), ("1", "A", "two"), ("8", "B", "three")])
    pairs = {
        made.baseline.node_id: made.candidate.node_id
        for made in pair(before, after)
        if made.baseline and made.candidate
    }
    assert pairs == {"1": "2", "2": "1", "3": "8"}
