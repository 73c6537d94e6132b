"""Putting a run together: the nodes that never ran, who stopped it, what its inputs were."""

from __future__ import annotations

from engine.capture.assembly import Evidence, assemble, culprit, last_end_s
from engine.capture.sample_log import SampleLog
from engine.model import Run, Step

PROMPT = {
    "1": {"class_type": "Load", "inputs": {"name": "a", "api_key": "hunter2"}},
    "2": {"class_type": "Sample", "inputs": {"model": ["1", 0]}, "_meta": {"title": "My sampler"}},
    "3": {"class_type": "Left", "inputs": {}},
    "4": {"class_type": "Out", "inputs": {"a": ["2", 0], "b": ["3", 0]}},
    "5": {"class_type": "Unconnected", "inputs": {}},
}


def test_nodes_that_did_not_run_are_cached_or_skipped_and_unwired_ones_are_no_part_of_it() -> None:
    draft = Run(timestamp="2026-11-21T10:00:00.000Z", prompt=PROMPT)
    ran = Step(node_id="2", node_type="Sample", node_title="My sampler", start_s=0.0, end_s=1.0)
    evidence = Evidence(
        origin_s=0.0, steps=[ran], samples=SampleLog(), cached_ids=["1", "5"], output_ids=["4"]
    )
    run = assemble(draft, evidence, lambda node_type: f"The {node_type}")
    assert [(step.node_id, step.status, step.node_title) for step in run.steps] == [
        ("2", "ok", "My sampler"),
        ("1", "cached", "The Load"),
        ("3", "skipped", "The Left"),
        ("4", "skipped", "The Out"),
    ]
    inputs = {step.node_id: step.inputs_json for step in run.steps}
    assert inputs["2"] == '{"model": ["1", 0]}'
    assert "hunter2" not in (inputs["1"] or "")


def test_same_inputs_have_the_same_hash_and_others_another() -> None:
    def hashes(name: str) -> dict[str, str | None]:
        prompt = {**PROMPT, "1": {"class_type": "Load", "inputs": {"name": name}}}
        draft = Run(timestamp="2026-11-21T10:00:00.000Z", prompt=prompt)
        evidence = Evidence(origin_s=0.0, steps=[], samples=SampleLog(), output_ids=["4"])
        return {step.node_id: step.inputs_hash for step in assemble(draft, evidence, str).steps}

    first, again, other = hashes("a"), hashes("a"), hashes("b")
    assert first == again
    assert first["2"] != other["2"]  # what feeds it changed
    assert first["3"] == other["3"]


def test_the_node_at_work_is_named_not_the_report_that_saw_the_cancel() -> None:
    steps = [
        Step(node_id="report", node_type="R", role="profiler", status="interrupted", end_s=9.0),
        Step(node_id="1", node_type="A", status="ok", end_s=2.0),
        Step(node_id="2", node_type="B", status="interrupted", end_s=5.0),
    ]
    found = culprit(steps, "report")
    assert found is not None
    assert found.node_id == "2"
    assert culprit(steps, None) is None
    assert last_end_s(steps) == 5.0
