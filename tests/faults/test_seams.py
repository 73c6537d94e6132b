"""Every seam of the profiler broken, alone and in pairs: the user's prompt never notices.

``make test`` tries a slice; ``make test-faults`` all of them and :data:`PAIRS` random pairs.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.comfyui.client import wait_for
from tests.contract.conftest import find_run
from tests.faults.conftest import Faulty
from tests.faults.seams import SEAMS, SINGLES, SLICE

ALL = os.environ.get("PROFILER_FAULTS") == "all"
PAIRS = 60


@pytest.mark.parametrize(("seam", "kind"), SINGLES if ALL else SLICE)
def test_a_broken_seam_changes_nothing(faulty: Faulty, seam: str, kind: str) -> None:
    faulty.check({seam: kind})


def pairs() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    random = Random(20261124)
    found = []
    while len(found) < PAIRS:
        one, other = random.sample(SINGLES, 2)
        if one[0] != other[0]:
            found.append((one, other))
    return found


@pytest.mark.skipif(not ALL, reason="only in make test-faults")
@pytest.mark.parametrize(("one", "other"), pairs())
def test_two_broken_seams_change_nothing(
    faulty: Faulty, one: tuple[str, str], other: tuple[str, str]
) -> None:
    faulty.check(dict((one, other)))


def test_after_all_that_a_run_is_recorded_as_ever(faulty: Faulty) -> None:
    client = faulty.server.client
    client.post("/profiler_faults", {"seams": {}})
    outcome = client.run(faulty.scene().prompt)
    assert outcome.status == "success"
    assert "ProfilerTestSleep" in outcome.outputs["report"]["holaf_profiler"][0]["table"]
    # A history that failed is tried again after some seconds.
    found = wait_for(lambda: find_run(client, outcome.prompt_id), "the run in the history", 60)
    wait_for(lambda: find_run(client, outcome.prompt_id)["status"] == "success", "its end", 60)
    steps = client.get(f"/holaf/profiler/runs/{found['id']}")["steps"]
    assert {step["node_id"]: step["status"] for step in steps if step["role"] == "node"} == dict.fromkeys(
        ("1", "2", "3", "4", "5"), "ok"
    )


@pytest.mark.parametrize(
    "seam", ["hook: a node begins", "hook: a node ends", "probe: a node's boundary", "recorder: a node's end"]
)
def test_a_report_says_that_measuring_stopped_and_nothing_untrue(faulty: Faulty, seam: str) -> None:
    outcome, _ = faulty.run({seam: "raise"})
    sent = outcome.outputs["report"]["holaf_profiler"][0]
    assert sent["headline"].startswith("Measuring stopped early because of an error in the profiler")
    assert f"ValueError: a fault in {SEAMS[seam].address.split(':')[0]}" in " ".join(sent["table"].split())
    for untrue in ("Profiler Start", "skipped", "Nothing ran", "without the profiler's hook"):
        assert untrue not in " ".join(sent["table"].split())


def test_a_report_says_that_measuring_could_not_begin(faulty: Faulty) -> None:
    outcome, _ = faulty.run({"hook: a run begins": "raise"})
    table = " ".join(outcome.outputs["report"]["holaf_profiler"][0]["table"].split())
    assert "This run was not measured. The profiler could not start" in table


def test_a_report_says_which_reading_failed(faulty: Faulty) -> None:
    outcome, _ = faulty.run({"sampler: a probe": "raise"})
    table = " ".join(outcome.outputs["report"]["holaf_profiler"][0]["table"].split())
    assert "CPU load: reading failed during the run (ValueError: a fault in" in table
