"""Puts everything known about a run together into the finished :class:`~engine.model.Run`. Pure.

The recorder's steps lack what only the end can tell: the nodes that never ran,
the inputs' text and hash, and all that the samples say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..model import Role, Run, Step, StepStatus
from ..workflow.fingerprint import signatures, take
from ..workflow.prompt import ancestors, title
from ..workflow.redaction import redact
from .attribution import attribute
from .sample_log import SampleLog
from .sampler_steps import step_times
from .spans import ProgressUpdate

_ENDED = frozenset[StepStatus](("ok", "cached", "error"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was gathered while a run went on.

    ``origin_s`` is the clock time of the run's start. ``cached_ids`` are the nodes
    that the host did not need to run, ``output_ids`` the outputs it was asked for.
    ``ended_ids`` are the nodes that the host was done with, recorded or not; ``None`` where nobody knows.
    ``inputs`` holds the inputs of the nodes that ran, those made by expansion included.
    """

    origin_s: float
    steps: Sequence[Step]
    samples: SampleLog = field(default_factory=SampleLog)
    progress: Mapping[str, Sequence[ProgressUpdate]] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    cached_ids: Iterable[str] = ()
    output_ids: Iterable[str] = ()
    ended_ids: frozenset[str] | None = frozenset()


def assemble(draft: Run, evidence: Evidence, display_name: Callable[[str], str]) -> Run:
    """``draft`` with its steps and series.

    ``draft`` must hold the prompt, the metrics and the devices. ``display_name``
    answers the menu name of a node class.
    """
    draft = _identified(draft)
    series = evidence.samples.series(draft.metrics, evidence.origin_s)
    steps = _complete(draft, _with_absent(draft, evidence, display_name), evidence)
    return attribute(replace(draft, steps=steps, series=series))


def with_tail(shown: Run, evidence: Evidence, display_name: Callable[[str], str]) -> Run:
    """``shown``, a run as its Report showed it, with the steps that ended after that.

    Nothing of what was shown changes. ``evidence`` is that of the whole run.
    """
    ended = {step.node_id: step for step in shown.steps if step.status in _ENDED}
    steps = _with_absent(shown, evidence, display_name)
    tail = _complete(shown, [step for step in steps if step.node_id not in ended], evidence)
    ended.update((step.node_id, step) for step in attribute(replace(shown, steps=tail)).steps)
    return replace(shown, steps=tuple(ended[step.node_id] for step in steps))


def _complete(run: Run, steps: Iterable[Step], evidence: Evidence) -> tuple[Step, ...]:
    """``steps`` with what the prompt and the progress messages say of each."""
    hashes = signatures(run.prompt or {})
    inputs = {**_prompt_inputs(run), **evidence.inputs}
    finished = []
    for step in steps:
        known = inputs.get(step.node_id)
        times = step_times(evidence.progress.get(step.node_id, ()))
        finished.append(
            replace(
                step,
                inputs_json=redact(known) if known is not None else None,
                inputs_hash=hashes.get(step.node_id),
                sampler_steps=times.steps,
                sampler_step_median_s=times.median_s,
                sampler_step_spread_s=times.spread_s,
                sampler_step_spans=tuple(_since(evidence.origin_s, span) for span in times.spans),
            )
        )
    return tuple(finished)


def _since(origin_s: float, span: tuple[float, float]) -> tuple[float, float]:
    return round(span[0] - origin_s, 6), round(span[1] - origin_s, 6)


def culprit(steps: Iterable[Step], failed_id: str | None) -> Step | None:
    """The node at which the run ended early.

    A waiting Report is the first to notice that the user pressed Cancel; the node that was
    at work then is the one to name.
    """
    failed = next((step for step in steps if step.node_id == failed_id), None)
    if failed is None or failed.role == "node":
        return failed
    stopped = (step for step in steps if step.role == "node" and step.status == failed.status)
    return next(stopped, failed)


def last_end_s(steps: Iterable[Step]) -> float:
    """When the last node that counts ended; profiler nodes and report outputs are no part of the run."""
    return max((step.end_s for step in steps if step.role == "node" and step.end_s is not None), default=0.0)


def _identified(draft: Run) -> Run:
    """``draft`` with its workflow's id and hash, where nobody found them before the run."""
    if draft.workflow_hash is not None and draft.workflow_id is not None:
        return draft
    snapshot = take(draft.prompt or {}, draft.workflow)
    return replace(
        draft,
        workflow_id=draft.workflow_id or snapshot.workflow_id,
        workflow_hash=draft.workflow_hash or snapshot.hash,
    )


def _with_absent(draft: Run, evidence: Evidence, display_name: Callable[[str], str]) -> list[Step]:
    """The recorder's steps, then a step for each node of the prompt that nobody saw running.

    One that the host was done with all the same ran, for a time that is not known. Where it does not say
    which those are, a node that nobody saw may have run or not, and has no step.
    """
    prompt = draft.prompt or {}
    cached = set(evidence.cached_ids)
    steps = list(evidence.steps)
    seen = {step.node_id for step in steps}
    # What no requested output depends on was never meant to run: it is no part of this run.
    wanted = ancestors(prompt, evidence.output_ids)
    for node_id in prompt:
        if node_id in seen or node_id not in wanted:
            continue
        if evidence.ended_ids is None and node_id not in cached:
            continue
        node_type = str(prompt[node_id].get("class_type", ""))
        status: StepStatus = "cached" if node_id in cached else "skipped"
        if status == "skipped" and node_id in (evidence.ended_ids or ()):
            status = "ok"
        steps.append(
            Step(
                node_id=node_id,
                node_type=node_type,
                node_title=title(prompt, node_id, display_name(node_type)),
                position=len(steps),
                role=evidence.roles.get(node_id, "node"),
                status=status,
                display_node_id=node_id,
            )
        )
    return steps


def _prompt_inputs(run: Run) -> dict[str, Mapping[str, Any]]:
    return {node_id: node.get("inputs", {}) for node_id, node in (run.prompt or {}).items()}
