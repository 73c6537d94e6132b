"""Fixtures of the hardware doubles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.probes.nvml_stub import Stub, build, put_under_binding


@pytest.fixture(scope="session")
def stub_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def stub(stub_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """The stub library under the real binding, with no GPU in it."""
    stub = Stub(stub_path)
    put_under_binding(monkeypatch, stub)
    yield stub
    stub.library.stub_reset()
