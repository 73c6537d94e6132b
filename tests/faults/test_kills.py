"""kill -9 at random moments of a run: what the history says after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.store.kills import kill

COUNT = 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.skipif(os.environ.get("PROFILER_FAULTS") != "all", reason="only in make test-faults")
def test_two_hundred_killed_runs_are_whole_or_name_their_node(tmp_path: Path) -> None:
    count = kill(tmp_path, COUNT, seed=9)
    print(f"\n{count}")
    assert count.wrong == ()
    assert count.killed == COUNT
