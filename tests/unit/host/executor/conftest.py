"""A profiled run in this context."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.host.executor import hooks
from tests.unit.host.executor.hosts import (
    Run,
)


@pytest.fixture
def active() -> Iterator[Run]:
    run = Run()
    token = hooks._run.set(run)
    yield run
    hooks._run.reset(token)
