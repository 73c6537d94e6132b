"""What one profiled prompt comes to: the measurement, the host's messages and the history as one Run.

A run is composed once. What a Report shows is kept, and the end of the prompt only adds
the nodes behind the Report and how it ended. Runs on a thread of its own, never on the executor's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...capture.assembly import Evidence, assemble, culprit, last_end_s, with_tail
from ...capture.measurement import Measurement
from ...model import Event, Role, Run, RunStatus, Step, StepStatus
from ...store.errors import StoreError
from ...workflow.groups import groups_of, nodes_of
from ...workflow.prompt import title
from ..executor import layers, patch
from ..executor import nodes as host_nodes
from ..executor.binding import PromptCall
from ..system import environment
from . import story
from .archive import PROMPT_WAIT_S, Archive
from .coverage import named
from .enrich import with_contention, with_groups, with_history
from .inside import Inside

AFTERWARDS_S = 5.0
"""How long the history may take where no prompt waits for it."""

_UNFINISHED: dict[RunStatus, StepStatus] = {"interrupted": "interrupted", "failed": "interrupted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where the prompt stands when its run is composed. Times are clock times.

    ``done_s``: when everything but reports was done, for a run in which no node had to execute.
    ``cut_short``: the run did not reach its last node. ``messages`` are the executor's own, and
    ``history_result`` what it leaves for ComfyUI's history, ``None`` before the prompt is over.
    ``ended_ids``: the nodes that the host is done with; ``None`` where nobody knows.
    """

    status: RunStatus
    ended_s: float
    done_s: float
    cut_short: bool = False
    failed_id: str | None = None
    messages: Sequence[Any] = ()
    ended_ids: frozenset[str] | None = frozenset()
    warnings: tuple[str, ...] = ()
    report_s: float | None = None
    history_result: object = None
    events: tuple[Event, ...] = ()


class Composition:
    """The run of one session. Any thread; one at a time composes, the others wait for it."""

    def __init__(
        self,
        call: PromptCall,
        draft: Run,
        roles: Mapping[str, Role],
        measurement: Measurement,
        archive: Archive,
        inside: Inside,
    ) -> None:
        """``draft`` holds what was known before the first node, ``roles`` those of the pack's own nodes."""
        self._call = call
        self._roles = roles
        self._draft = draft
        self._measurement = measurement
        self._archive = archive
        self._inside = inside
        self._lock = threading.Lock()
        self._reported: Run | None = None

    def reported(self, ending: Ending) -> Run:
        """The run as all of its reports show it, everything else being done. Blocks."""
        with self._lock:
            if self._reported is None:
                run = self._composed(ending, PROMPT_WAIT_S)
                self._archive.settle(run)
                self._reported = replace(run, id=self._archive.known_run_id)
            return self._reported

    def finished(self, ending: Ending) -> Run:
        """The run as it is kept: what a Report showed, if one did, and what followed."""
        with self._lock:
            if self._reported is None:
                run = self._composed(ending, AFTERWARDS_S)
            else:
                run = self._with_tail(self._reported, ending)
            run = replace(run, events=ending.events)
            return with_contention(story.with_outputs(run, ending.history_result, self._roles))

    def bare(self, ending: Ending) -> Run:
        """What is certain about a run that could not be composed."""
        self._measurement.stop()
        sorry = "The run could not be put together; see ComfyUI's log."
        return replace(self._draft, status="partial", warnings=(*ending.warnings, sorry))

    def _composed(self, ending: Ending, timeout_s: float) -> Run:
        """``timeout_s``: how long the history may take to add what it knows."""
        self._measurement.stop()
        evidence = self._evidence(ending)
        draft = replace(
            self._draft,
            metrics=self._measurement.metrics,
            environment=environment.collect(),
            warnings=(*ending.warnings, *self._left_out()),
            events=ending.events,
        )
        draft = self._with_end(draft, evidence.steps, ending)
        run = self._inside.added_to(assemble(draft, evidence, host_nodes.display_name))
        return self._with_history(_with_unseen(story.with_memory(run)), timeout_s)

    def _left_out(self) -> tuple[str, ...]:
        """A notice of the outputs that the host did not run: with a Report it has a valid one to run."""
        prompt, asked = self._call.prompt, {*self._call.execute_outputs, *self._roles}
        left_out = sorted(host_nodes.output_node_ids(prompt) - asked)
        if not left_out:
            return ()
        nodes = named(
            f"{title(prompt, node_id, prompt[node_id]['class_type'])} #{node_id}" for node_id in left_out
        )
        return (
            f"Not run by ComfyUI: {nodes}. Their inputs are not valid, or only other outputs were asked for.",
        )

    def _with_tail(self, reported: Run, ending: Ending) -> Run:
        run = with_tail(reported, self._evidence(ending), host_nodes.display_name)
        shown = {step.node_id for step in reported.measured_steps if step.end_s is not None}
        late = any(s.end_s is not None and s.node_id not in shown for s in run.measured_steps)
        run = self._with_end(run, run.steps, ending)
        # The time that the Report showed stands, however long drawing it took.
        run = run if late else replace(run, total_time=reported.total_time)
        if nodes_of(run) != nodes_of(reported):  # nodes that were made while the Report was drawn
            run = replace(run, groups=groups_of(run.prompt, run.workflow, nodes_of(run), run.groups))
        return self._with_warnings(run, ending.warnings)

    def _evidence(self, ending: Ending) -> Evidence:
        recorder = self._measurement.recorder
        unfinished = _UNFINISHED.get(ending.status, "running")
        return Evidence(
            origin_s=self._measurement.origin_s,
            steps=self._measurement.steps(ending.ended_s, unfinished=unfinished),
            samples=self._measurement.samples,
            progress=recorder.progress_updates,
            inputs=recorder.inputs,
            roles=self._roles,
            cached_ids=host_nodes.cached_ids(ending.messages),
            output_ids=self._call.execute_outputs,
            ended_ids=ending.ended_ids,
        )

    def _with_end(self, run: Run, steps: Sequence[Step], ending: Ending) -> Run:
        failed = culprit(steps, ending.failed_id)
        origin_s = self._measurement.origin_s
        last_s = None if ending.cut_short else last_end_s(steps) or ending.done_s - origin_s
        return replace(
            run,
            status=ending.status,
            total_time=ending.ended_s - origin_s if last_s is None else last_s,
            error_node_id=failed.node_id if failed else None,
            error_type=failed.error_type if failed else None,
            error_message=failed.error_message if failed else None,
            overhead=replace(
                self._measurement.overhead,
                kernels_s=self._inside.kernels_s,
                report_s=ending.report_s,
                writer_s=self._archive.cost_s(),
            ),
        )

    def _with_history(self, run: Run, timeout_s: float) -> Run:
        warnings = run.warnings
        alone = with_groups(run)
        try:
            run = self._archive.ask(lambda history: with_history(run, history), alone, timeout_s)
        except StoreError as error:
            run = alone
            warnings = (*warnings, str(error))
        return self._with_warnings(run, warnings)

    def _with_warnings(self, run: Run, warnings: tuple[str, ...]) -> Run:
        known = (*run.warnings, *warnings, *self._archive.notices())
        return replace(run, warnings=tuple(dict.fromkeys(known)))


def _with_unseen(run: Run) -> Run:
    """``run`` with a notice of the nodes that ran without being measured."""
    unseen = [step for step in run.measured_steps if step.status == "ok" and step.start_s is None]
    if not unseen:
        return run
    titles = named(step.node_title or step.node_id for step in unseen)
    who = patch.outermost() or layers.UNKNOWN
    notice = f"{titles}: not measured, because {who} ran this without the profiler's hook."
    return replace(run, warnings=(*run.warnings, notice))
