"""Small runs on one GPU, and the advice about them by its kind."""

from __future__ import annotations

from typing import Any

from engine.analysis.advice import Advice, advise
from engine.model import (
    Device,
    Run,
    Step,
)

GB = 1 << 30


GPU = Device(key="cuda:0", name="GPU", memory_total_bytes=24 * GB, primary=True)


def run(*steps: Step, total_s: float = 10.0, **fields: Any) -> Run:
    values: dict[str, Any] = {"timestamp": "2026", "id": 9, "status": "success", "total_time": total_s}
    return Run(**{**values, "devices": (GPU,), "steps": steps, **fields})


def node(node_id: str, node_type: str, exec_time: float = 1.0, start_s: float = 0.0, **fields: Any) -> Step:
    return Step(
        node_id=node_id,
        node_type=node_type,
        node_title=node_type,
        exec_time=exec_time,
        self_time_s=exec_time,
        start_s=start_s,
        end_s=start_s + exec_time,
        **fields,
    )


def kinds(*arguments: Any) -> dict[str, Advice]:
    """The advice by its kind, without what is said of nearly every run."""
    found = {entry.kind: entry for entry in advise(*arguments)}
    return {kind: entry for kind, entry in found.items() if kind != "fits_cards"}
