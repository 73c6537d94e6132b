"""ComfyUI's own history entries become runs that were only noted."""

from __future__ import annotations

from typing import Any

import pytest

from engine.workflow.host_history import run_of_entry

PROMPT = {
    "3": {"class_type": "KSampler", "inputs": {"steps": 20}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
}


def entry(end: str = "execution_success", **end_data: Any) -> dict[str, Any]:
    return {
        "prompt": (
            4,
            "id-1",
            PROMPT,
            {"create_time": 1_700_000_000_000, "extra_pnginfo": {"workflow": {"id": "wf"}}},
            ["9"],
        ),
        "outputs": {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}},
        "status": {
            "status_str": "success",
            "completed": True,
            "messages": [
                ("execution_start", {"prompt_id": "id-1", "timestamp": 1_700_000_002_500}),
                ("execution_cached", {"nodes": [], "timestamp": 1_700_000_002_600}),
                (end, {"timestamp": 1_700_000_012_750, **end_data}),
            ],
        },
    }


def test_when_it_ran_how_long_and_what_it_made() -> None:
    run = run_of_entry(entry(), "default")
    assert run is not None
    assert (run.timestamp, run.total_time, run.queue_wait_s) == ("2023-11-14T22:13:22.500Z", 10.25, 2.5)
    assert (run.status, run.profiled, run.steps) == ("success", False, ())
    assert (run.prompt_id, run.workflow_id, run.prompt) == ("id-1", "wf", PROMPT)
    assert (run.output_count, run.sizes) == (1, {"steps": 20})
    again = run_of_entry(entry(), "default")
    assert again is not None
    assert again.uuid == run.uuid, "the same prompt is the same run"


@pytest.mark.parametrize(
    ("end", "status"), [("execution_error", "failed"), ("execution_interrupted", "interrupted")]
)
def test_how_it_ended(end: str, status: str) -> None:
    run = run_of_entry(entry(end, node_id="3", exception_type="OOM", exception_message="no"), "default")
    assert run is not None
    assert run.status == status
    assert run.error_node_id == ("3" if status == "failed" else None)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"prompt": None},
        {"prompt": (1, "id")},
        {**entry(), "status": None},
        {**entry(), "status": {"messages": [("execution_start", None), 3]}},
        {**entry(), "prompt": (1, "id", "no prompt", {}, [])},
        {**entry(), "status": {"messages": [("execution_success", {"timestamp": 1})]}},
    ],
)
def test_an_entry_that_does_not_say_is_passed_over(odd: object) -> None:
    assert run_of_entry(odd, "default") is None


@pytest.mark.parametrize("extra", [None, {"extra_pnginfo": None}, {"create_time": "soon"}])
def test_what_else_stands_there_may_be_odd(extra: object) -> None:
    made = entry()
    made["prompt"] = (*made["prompt"][:3], extra)
    run = run_of_entry(made, "default")
    assert run is not None
    assert run.queue_wait_s is None
