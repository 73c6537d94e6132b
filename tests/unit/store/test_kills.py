"""A slice of what ``make test-faults`` does two hundred times: kill -9 at a random moment of a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.store.kills import kill


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_run_that_is_killed_is_whole_or_names_its_node(tmp_path: Path) -> None:
    count = kill(tmp_path, 12)
    assert count.wrong == ()
    assert count.crashed + count.whole + count.not_begun == 12
