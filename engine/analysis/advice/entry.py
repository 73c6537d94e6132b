"""What a piece of advice is, and what its rules share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ...language import t
from ...model import Run, Step
from ..labels import step_title

Severity = Literal["high", "medium", "low"]
Confidence = Literal["high", "medium", "low"]

LEAST_S = 1.0
"""Advice about time is given only where at least so many seconds are at stake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One safe step: show these nodes, put them into a group, compare with a run, or pin that run."""

    kind: Literal["select_nodes", "add_to_group", "compare_with", "pin_baseline"]
    node_ids: tuple[str, ...] = ()
    run_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing worth doing. ``kind`` names the rule.

    ``text`` says what was seen and what to do; ``evidence`` are the numbers it rests on,
    with units in their names. ``saving_s`` is what a run could save at most, where it can
    be told. ``confidence`` is ``high`` where all of it was measured, less where the cause is
    inferred. ``run_id`` is a run to compare with. ``actions`` are filled in for all rules alike.
    """

    kind: str
    severity: Severity
    text: str
    confidence: Confidence = "high"
    run_id: int | None = None
    node_ids: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    saving_s: float | None = None
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on something is worth advice; users may set them.

    ``vram_share`` and ``success_rate`` are shares of 1.
    """

    long_run_s: float = 60.0
    vram_share: float = 0.95
    success_rate: float = 0.8
    failures_in_a_row: int = 3
    long_video_frames: int = 121


def ran(run: Run) -> list[Step]:
    return [step for step in run.measured_steps if step.status not in ("cached", "skipped")]


def name_of(run: Run, node_id: str | None) -> str:
    return next(
        (step_title(step) for step in run.steps if step.node_id == node_id), t("node {id}", id=node_id)
    )
