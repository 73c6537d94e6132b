"""A GPU or a reason to skip; and one table of truth, measured and error for all tests of this folder.

The table is printed at the end and written to ``metrics/results/gpu_<hardware>.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.probes.nvml import driver_version
from tests.comfyui.problem import ProvisioningError
from tests.comfyui.provision import Host, provision

RESULTS = Path(__file__).resolve().parents[2] / "metrics" / "results"


@dataclass(frozen=True)
class Line:
    """One comparison. ``error`` in words, because some truths are zero."""

    quantity: str
    truth: str
    measured: str
    error: str


LINES = pytest.StashKey[list[Line]]()
HARDWARE = pytest.StashKey[str]()
Compare = Callable[[str, float, float, str], None]


@pytest.fixture(scope="session")
def torch(request: pytest.FixtureRequest) -> ModuleType:
    """torch with an initialised NVIDIA GPU."""
    torch: Any = pytest.importorskip("torch", reason="torch is not installed")
    if torch.version.cuda is None:
        pytest.skip("these truths are made with CUDA; this torch is for another backend")
    if not torch.cuda.is_available():
        driver = driver_version()
        if driver is not None:
            pytest.fail(
                f"There is an NVIDIA driver ({driver}), but torch {torch.__version__} finds no GPU: it needs "
                f"a driver for CUDA {torch.version.cuda}, or a torch for this driver (see CONTRIBUTING.md)."
            )
        pytest.skip("torch sees no CUDA device on this machine")
    torch.cuda.init()
    torch.cuda.current_device()
    torch.zeros(1, device="cuda")
    request.config.stash[HARDWARE] = f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    return torch  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def comfyui_host() -> Host:
    """As elsewhere, but the truths that need no ComfyUI are worth measuring without one."""
    try:
        return provision()[0]
    except ProvisioningError as problem:
        pytest.skip(f"No ComfyUI to test against: {problem}")


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Compare:
    """``compare(quantity, truth, measured, unit)``: put a line into the table."""
    lines = request.config.stash.setdefault(LINES, [])

    def add(quantity: str, truth: float, measured: float, unit: str) -> None:
        off = measured - truth
        error = f"{100 * off / truth:+.2f} %" if truth else f"{off:+.4g} {unit}"
        lines.append(Line(quantity, f"{truth:.5g} {unit}", f"{measured:.5g} {unit}", error))

    return add


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print and keep the table, if there was a GPU."""
    lines = config.stash.get(LINES, [])
    hardware = config.stash.get(HARDWARE, None)
    if not lines or hardware is None:
        return
    rows = [f"| {line.quantity} | {line.truth} | {line.measured} | {line.error} |" for line in lines]
    head = ["| quantity | truth | measured | error |", "|---|---:|---:|---:|"]
    text = "\n".join([f"# Measured against known truths: {hardware}", "", *head, *rows, ""])
    terminalreporter.write_line("")
    terminalreporter.write_line(text)
    RESULTS.mkdir(exist_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "_", hardware.partition(",")[0].lower()).strip("_")
    (RESULTS / f"gpu_{slug}.md").write_text(text, encoding="utf-8")
