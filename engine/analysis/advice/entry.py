"""What a piece of advice is, and what its rules share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ...model import Run, Step
from ..labels import step_title

Severity = Literal["high", "medium", "low"]

LEAST_S = 1.0
"""Advice about time is given only where at least so many seconds are at stake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing worth doing. ``kind`` names the rule.

    ``text`` says what was seen and what to do; ``evidence`` are the numbers it rests on,
    with units in their names. ``saving_s`` is what a run could save at most, where it can
    be told.
    """

    kind: str
    severity: Severity
    text: str
    node_ids: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    saving_s: float | None = None


def ran(run: Run) -> list[Step]:
    return [step for step in run.measured_steps if step.status not in ("cached", "skipped")]


def name_of(run: Run, node_id: str | None) -> str:
    return next((step_title(step) for step in run.steps if step.node_id == node_id), f"node {node_id}")
