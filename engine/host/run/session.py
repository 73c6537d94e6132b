"""One profiled prompt, from its first node to its end: what the hooks report goes to the instruments.

The executor's thread calls the ``NodeHooks`` methods; the run is composed on a thread of
its own after the prompt. Never changes what the prompt computes, never makes it wait for a disk.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ... import clock
from ...capture.measurement import Measurement
from ...capture.recorder import Outcome, RunProgress
from ...capture.spans import NodeRef
from ...language import ENGLISH, known, msg, speaking
from ...model import Event, EventSource, Run, RunStatus
from ...probes.select import Probes
from ...workflow import prompt as prompts
from .. import paths
from ..executor import hooks, progress
from ..executor import nodes as host_nodes
from ..executor.binding import NodeCall, PromptCall
from ..executor.pending import Left
from ..system.memory_snapshot import MemorySnapshot, is_out_of_memory
from ..system.models import ModelWatch
from . import background
from .archive import Archive
from .composition import Composition, Ending
from .coverage import Coverage
from .gate import ReportGate
from .inside import Inside
from .live import LiveFeed

log = logging.getLogger("holaf.profiler")

EVENTS_MAX = 1_000
EVENT_LENGTH_MAX = 500


class Session:
    """One run being profiled."""

    def __init__(
        self,
        call: PromptCall,
        draft: Run,
        probes: Probes,
        archive: Archive,
    ) -> None:
        """``draft`` holds what is known before the first node."""
        self.draft = draft
        self.archive = archive
        self.is_off = False
        self.measurement = Measurement(probes, draft.settings, self._describe)
        self._call = call
        self._roles = prompts.roles(call.prompt)
        self._warnings = list(draft.warnings)
        self._models = ModelWatch(
            self.measurement.recorder,
            lambda: host_nodes.node_at_work(call.prompt_id),
            self._warnings.append,
        )
        self._memory_snapshot = MemorySnapshot(draft.settings.memory_snapshot)
        self._failed_id: str | None = None
        self._events: list[Event] = []
        self._earlier_result = getattr(call.executor, "history_result", None)
        self._out_of_memory = False
        self._ended_s: float | None = None
        self._report_s = 0.0
        self.inside = Inside(draft, self.measurement, self._roles, archive)
        self._composition = Composition(call, draft, self._roles, self.measurement, archive, self.inside)
        self._last_ids = self._ids_that_come_last()
        self._coverage = Coverage(
            call.prompt_id,
            self.measurement,
            self._last_ids,
            self._enter,
            self._warnings.append,
            lambda: hooks.is_within(self),
        )
        self.gate = ReportGate(self._last_ids, self._left)
        self._progress = RunProgress(self.measurement.recorder, self._roles)
        self._in_flight = self.measurement.recorder.in_flight
        self.live = LiveFeed(
            draft, self.measurement, self._progress, archive, self._count_of_nodes, self.inside.function_now
        )

    @property
    def language(self) -> str:
        """That of the page that queued the prompt; English for other clients."""
        note = self._call.extra_data.get("holaf_profiler")
        return known(note.get("language")) if isinstance(note, Mapping) else ENGLISH

    def start(self) -> None:
        """Begin writing and sampling, and tell the browsers."""
        self._coverage.begin()
        self.archive.begin(self.draft, self._progress)
        self.measurement.start(self.inside.stacks)
        self._models.start()
        if (notice := self._memory_snapshot.start()) is not None:
            self._warnings.append(notice)
        self.live.started()

    # ---- what the hooks report -----------------------------------------------------------

    def is_about(self, prompt: Any, executor: Any = None) -> bool:
        """Whether this run profiles this prompt object, in this executor where one is given."""
        return prompt is self._call.prompt and executor in (None, self._call.executor)

    def runs_in(self, coroutine: Any) -> None:
        """The prompt is about to be executed by this coroutine."""
        self._coverage.runs_in(coroutine)

    def enter_node(self, call: NodeCall) -> bool:
        """A node's ``execute`` begins. False: it is not to be recorded."""
        coverage, node_id = self._coverage, call[0]
        # What admits() asks, written out for the usual case: every Python frame here is paid at each node.
        if (
            not coverage.is_attached or call[1] is not coverage.dynprompt or node_id in coverage.hooked_ids
        ) and not coverage.admits(call):
            return False
        coverage.hooked_ids.add(node_id)
        self._enter(node_id)
        return True

    def leave_node(self, call: NodeCall, result: Any) -> None:
        """A node's ``execute`` returned."""
        coverage = self._coverage
        coverage.hooked_ids.discard(call[0])
        outcome = host_nodes.outcome(call, result, is_alone=coverage.is_alone)
        self._leave(call, outcome)
        if self.gate.is_awaited:
            self.gate.check(call.execution_list, None if outcome.waiting else call.node_id)

    def node_raised(self, call: NodeCall, error: BaseException) -> None:
        """A node's ``execute`` raised instead of answering: the whole prompt is being torn down."""
        self._coverage.hooked_ids.discard(call.node_id)
        self._leave(call, host_nodes.failure(error))

    def other_prompt_began(self) -> None:
        """Another prompt is about to be executed beside this one, or inside one of its nodes."""
        self._coverage.is_alone = False

    def boundaries_unknown(self, why: str) -> None:
        """Fall back to the host's progress messages."""
        self._coverage.boundaries_unknown(why)

    def end_run(self, failure: BaseException | None) -> None:
        """The prompt is over: put the run together without holding up the next prompt."""
        self._close(self._final_status(failure))

    def switch_off(self, error: BaseException) -> None:
        """The profiler failed: keep what there is, measure no more."""
        self.is_off = True
        self._warnings.append(
            f"Measuring stopped early because of an error in the profiler: {type(error).__name__}: {error}"
        )
        self._coverage.stop()
        self._close("partial")

    # ---- what a report asks ----------------------------------------------------------------

    def why_not_last(self, node_id: str) -> str | None:
        """Why this node cannot wait for the rest, in a sentence; ``None`` where it can."""
        if node_id not in self._last_ids:
            return msg(
                "This node was made by another node while the workflow ran, so it cannot wait for the rest: "
                "put it on the canvas itself."
            )
        return None

    async def wait_until_last(self, node_id: str) -> None:
        """Wait in a report until only reports are left to run. Raises the host's interrupt on Cancel."""
        progress.show_as_waiting(node_id, self._call.prompt_id, True)
        await self.gate.wait(node_id, host_nodes.raise_if_interrupted)
        progress.show_as_waiting(node_id, self._call.prompt_id, False)
        try:
            self._coverage.say_why_opened(self.gate.opened_because)
        except Exception:
            log.exception("Workflow Profiler cannot say what its reports went by.")

    def reported_run(self) -> Run:
        """The run as reports show it, everything else being done. Blocks; any thread."""
        return self._composition.reported(
            self._ending("partial" if self.is_off else self._reported_status(), self._messages())
        )

    def record_event(self, text: str, source: EventSource, node_id: str | None = None) -> Event | None:
        """Something happened just now. Any thread; ``None`` where the run is over or holds enough of them."""
        if self._ended_s is not None or len(self._events) >= EVENTS_MAX:
            return None
        t_s = clock.now() - self.measurement.origin_s
        event = Event(t_s=t_s, text=text[:EVENT_LENGTH_MAX], source=source, node_id=node_id)
        self._events.append(event)
        return event

    def add_report_cost(self, seconds: float) -> None:
        """Drawing and saving a report took this long."""
        self._report_s += seconds

    # ---- inside ------------------------------------------------------------------------------

    def _ids_that_come_last(self) -> frozenset[str]:
        prompt = self._call.prompt
        last = {node_id for node_id, node in prompt.items() if node.get("class_type") in prompts.LAST_IDS}
        return frozenset(last) | {key for key, role in self._roles.items() if role == "report_output"}

    def _count_of_nodes(self) -> int:
        wanted = prompts.ancestors(self._call.prompt, self._call.execute_outputs)
        return sum(1 for node_id in wanted if node_id not in self._roles)

    def _describe(self, node_id: str) -> NodeRef:
        """Who a node is, those made by expansion included."""
        dynprompt = self._coverage.dynprompt
        node = dynprompt.get_node(node_id)
        node_type = node["class_type"]
        return NodeRef(
            node_id=node_id,
            node_type=node_type,
            node_title=prompts.title({node_id: node}, node_id, host_nodes.display_name(node_type)),
            role=self._roles.get(dynprompt.get_real_node_id(node_id), "node"),
            display_node_id=dynprompt.get_display_node_id(node_id),
            parent_node_id=dynprompt.get_parent_node_id(node_id),
            inputs=node.get("inputs"),
        )

    def _enter(self, node_id: str) -> None:
        if node_id not in self._roles:
            self.archive.name_node(node_id)
        if self.inside.kernels is not None:
            self.inside.kernels.enter(node_id)
        self.measurement.enter(node_id)

    def _leave(self, call: NodeCall, outcome: Outcome) -> None:
        node_id = call[0]
        self.measurement.leave(node_id, outcome)
        if self.inside.kernels is not None:
            self.inside.kernels.leave(node_id)
        if outcome.waiting == "async" and call.pending_async is not None:
            tasks = call.pending_async.get(node_id, ())
            self.inside.waits(node_id, tasks)
            host_nodes.when_tasks_end(tasks, lambda: hooks.safely(self, self._tasks_done, node_id))
        self._models.node_ended(node_id)
        self.archive.name_node(self._progress.in_flight_id() if self._in_flight else None)
        if outcome.status in ("error", "interrupted"):
            self._failed_id = node_id
            self._out_of_memory = is_out_of_memory(outcome.error_type, outcome.error_message)

    def _tasks_done(self, node_id: str) -> None:
        self.measurement.tasks_done(node_id)
        self.inside.tasks_done(node_id)

    def _messages(self) -> list[Any]:
        return list(getattr(self._call.executor, "status_messages", ()))

    def _success(self) -> RunStatus:
        outputs = host_nodes.output_node_ids(self._call.prompt)
        return "success" if outputs <= set(self._call.execute_outputs) else "partial"

    def _reported_status(self) -> RunStatus:
        return "failed" if self.gate.opened_because == "stuck" else self._success()

    def _left(self, waiting: int) -> Left:
        """What the prompt has left. Asked by the reports; a bug in here must not hold them."""
        try:
            return self._coverage.left(waiting)
        except Exception:
            log.exception("Workflow Profiler cannot tell what the workflow has still to run.")
            return "unknown"

    def _final_status(self, failure: BaseException | None) -> RunStatus:
        names = {message[0] for message in self._messages()}
        if "execution_interrupted" in names or host_nodes.is_interrupt(failure):
            return "interrupted"
        if failure is not None or "execution_success" not in names:
            return "failed"
        return self._success()

    def _close(self, status: RunStatus) -> None:
        """End the run, once: what is left of it is composed and stored on a thread of its own."""
        if self._ended_s is not None:
            return
        self._ended_s = clock.now()
        # The executor reuses its list for the next prompt, which may start before this run is composed.
        messages = self._messages()
        result = getattr(self._call.executor, "history_result", None)
        result = None if result is self._earlier_result else result
        try:
            self.gate.open()
            self.measurement.end()
            if self.inside.kernels is not None:
                self.inside.kernels.stop()
            self.live.ended()
            self._models.stop()
            self._save_memory_snapshot()
        except Exception as error:
            log.exception("Workflow Profiler could not end the run in good order; what was measured is kept.")
            self._warnings.append(f"The run's end is incomplete: {type(error).__name__}: {error}")
        background.later(lambda: self._finish(self._ending(status, messages, result)))

    def _finish(self, ending: Ending) -> None:
        try:
            try:
                run = self._composition.finished(ending)
            except Exception:
                log.exception("Workflow Profiler could not put the run together; its steps so far are kept.")
                run = self._composition.bare(ending)
            self.archive.finish(run)
            with speaking(self.language):
                self.live.finished(run)
        finally:
            self.live.over()

    def _ending(self, status: RunStatus, messages: Sequence[Any], history_result: object = None) -> Ending:
        ended_s = self._ended_s or clock.now()
        return Ending(
            status=status,
            ended_s=ended_s,
            done_s=self.gate.opened_s or ended_s,
            cut_short=status in ("failed", "interrupted") or self.is_off,
            failed_id=self._failed_id,
            messages=messages,
            ended_ids=None if self.is_off else self._coverage.ended_ids(),
            warnings=tuple(self._warnings),
            report_s=self._report_s or None,
            history_result=history_result,
            events=tuple(self._events),
        )

    def _save_memory_snapshot(self) -> None:
        if self.draft.settings.memory_snapshot == "never":
            return
        name = self.draft.timestamp.replace(":", "-") + ".pickle"
        path = paths.data_folder(self.draft.user_id) / "memory_snapshots" / name
        notice = self._memory_snapshot.finish(path, out_of_memory=self._out_of_memory)
        if notice is not None:
            self._warnings.append(notice)
