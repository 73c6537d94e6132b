"""Whatever JSON somebody queues as a workflow: it is read without an error, always with the same result."""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model import Run
from engine.workflow import canvas, prompt
from engine.workflow.fingerprint import describe, diff, signatures, take
from engine.workflow.redaction import hide, redact, without_secrets
from engine.workflow.secrets import HIDDEN, hide_in_text

CASES = int(os.environ.get("FUZZ_CASES", "500")) // 5
_settings = settings(max_examples=CASES, deadline=None, derandomize="FUZZ_CASES" not in os.environ)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
IDS = st.sampled_from(["1", "2", "3", "7:3", "2.0.0.1", "x"])
LINKS = st.tuples(IDS, st.integers(-1, 3)).map(list)
CLASSES = st.sampled_from(["KSampler", "Load", prompt.START_ID, prompt.GROUP_ID, prompt.REPORT_ID]) | st.text(
    max_size=8
)
NODES = st.fixed_dictionaries(
    {"class_type": CLASSES},
    optional={
        "inputs": st.dictionaries(
            st.sampled_from(["model", "name", "members", "api_key", "groups0", "enabled"]),
            LINKS | JSON,
            max_size=5,
        )
        | JSON,
        "_meta": st.fixed_dictionaries({"title": st.text(max_size=8)}) | JSON,
    },
)
PROMPTS = st.dictionaries(IDS, NODES | JSON, max_size=6)
GRAPHS = st.none() | st.fixed_dictionaries({}, optional={"id": JSON, "nodes": JSON, "groups": JSON})


@_settings
@given(one=PROMPTS, other=PROMPTS, graph=GRAPHS)
def test_a_snapshot_is_taken_of_anything(one: dict[str, Any], other: dict[str, Any], graph: Any) -> None:
    before, after = take(one, graph), take(other, graph)
    assert take(dict(reversed(one.items())), graph) == before
    assert diff(before, before) == ()
    changes = diff(before, after)
    assert describe(changes).count(";") >= min(len(changes), 20) - 1
    json.dumps([before.workflow_id, before.hash]).encode("ascii")
    before.workflow_id.encode("utf-8")
    assert signatures(one) == signatures(one)


@_settings
@given(inputs=st.dictionaries(st.text(max_size=12), JSON, max_size=6), graph=JSON)
def test_anything_is_redacted_to_json(inputs: dict[str, Any], graph: Any) -> None:
    json.loads(redact(inputs)).keys()
    redact(inputs).encode("utf-8")
    assert hide(hide(inputs)) == hide(inputs) or "nan" in repr(inputs)
    without_secrets({"1": {"class_type": "A", "inputs": inputs}}, {"nodes": graph})
    assert json.loads(redact({**inputs, "api_key": "planted-secret"}))["api_key"] == HIDDEN


@_settings
@given(text=st.text(alphabet=st.sampled_from("aZ0=:/@?&\"' -._\\\\"), max_size=60))
def test_hiding_twice_changes_nothing_more(text: str) -> None:
    once = hide_in_text(f"password={text} token: {text} https://{text}@host")
    assert hide_in_text(once) == once


@_settings
@given(queued=st.dictionaries(IDS, NODES, max_size=6))
def test_a_starts_settings_are_always_usable(queued: dict[str, Any]) -> None:
    usable = {
        key: {**node, "inputs": inputs if isinstance(inputs := node.get("inputs"), dict) else {}}
        for key, node in queued.items()
    }
    start = prompt.find_start(usable)
    if start is not None:
        found, _ = prompt.start_settings(usable, start)
        assert 10 <= found.interval_ms <= 1000
        assert found.on_mismatch in ("warn", "block", "ignore")
    prompt.group_nodes(usable)
    prompt.roles(usable)


@_settings
@given(graph=st.dictionaries(st.sampled_from(["nodes", "groups", "definitions", "extra"]), JSON, max_size=4))
def test_canvas_groups_are_looked_for_in_anything(graph: dict[str, Any]) -> None:
    assert canvas.group_members(graph, "g") == canvas.group_members(graph, "g")
    assert Run(timestamp="", workflow=graph).workflow == graph or "nan" in repr(graph)
