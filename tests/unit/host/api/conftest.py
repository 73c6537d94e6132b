"""The history that handlers work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.host.api.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
