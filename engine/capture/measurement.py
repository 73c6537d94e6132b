"""The instruments of one run working together: recorder, sampler, boundary readings, own cost.

The executor's thread calls :meth:`Measurement.enter` and :meth:`Measurement.leave`;
any thread may ask for the results afterwards. No ComfyUI, no database.
"""

from __future__ import annotations

from collections.abc import Callable

from ..clock import now
from ..model import Metric, Overhead, RunSettings, Step, StepStatus
from ..probes.select import Probes
from .gpu_events import GpuMarks
from .recorder import Outcome, Recorder
from .sample_log import SampleLog
from .sampler import Sampler
from .spans import NodeRef
from .stacks import StackSampler


class Measurement:
    """One run being measured. ``origin_s`` is the clock time at which it started, ``samples`` the log."""

    def __init__(
        self,
        probes: Probes,
        settings: RunSettings,
        describe: Callable[[str], NodeRef],
    ) -> None:
        """``describe``: who a node is."""
        primary = next((device.key for device in probes.devices if device.primary), None)
        self._probes = probes
        self.samples = SampleLog()
        self._sampler = Sampler(probes.sampled, settings.interval_ms / 1000.0, self.samples)
        self._marks = GpuMarks(probes.memory if settings.timing == "light" else None)
        self._is_light = settings.timing == "light"
        self._sync = not self._is_light
        self._read = probes.boundary.read
        self._boundary_s = 0.0
        self._boundary_count = 0
        self._sync_s = 0.0
        self._stacks: StackSampler | None = None
        self.origin_s = now()
        self.recorder = Recorder(self.origin_s, describe, primary)

    def start(self, stacks: StackSampler | None = None) -> None:
        """Begin sampling, ``stacks`` included."""
        self._stacks = stacks
        self._sampler.start(stacks)

    def enter(self, node_id: str) -> None:
        """A node begins, or begins again after waiting."""
        began_s = now()
        boundary = self._read(sync=False, entering=True)
        if self._is_light:
            self._marks.enter(node_id)
        self.recorder.enter(node_id, boundary)
        self._boundary_s += now() - began_s

    def leave(self, node_id: str, outcome: Outcome) -> None:
        """A node returned."""
        began_s = now()
        if outcome.status == "cached":
            self._marks.drop(node_id)
            boundary = self._probes.boundary.read_light()
        else:
            if self._is_light:
                self._marks.leave(node_id)
            boundary = self._read(sync=self._sync)
        self.recorder.leave(node_id, boundary, outcome)
        sync_s = boundary.sync_s
        self._sync_s += sync_s
        self._boundary_count += 1
        self._boundary_s += now() - began_s - sync_s

    def tasks_done(self, node_id: str) -> None:
        """The last of a node's asynchronous tasks has ended just now. Executor's thread, as all the rest."""
        began_s = now()
        boundary = self._read(sync=self._sync)
        self.recorder.tasks_done(node_id, boundary)
        self._sync_s += boundary.sync_s
        self._boundary_s += now() - began_s - boundary.sync_s

    def end(self) -> None:
        """Nothing is to be sampled any more. Does not block; :meth:`stop` is still to be called."""
        self._sampler.end()

    def stop(self) -> None:
        """End sampling. Blocks until the sampling thread is done; further calls do nothing."""
        self._sampler.stop()

    def steps(self, until_s: float, *, unfinished: StepStatus = "running") -> tuple[Step, ...]:
        """All steps so far; see :meth:`Recorder.steps`. Waits for the GPU's timing marks."""
        return self._marks.resolve(self.recorder.steps(until_s, unfinished=unfinished))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """How each quantity was measured, or why not."""
        return self._probes.metrics(self._sampler.metrics)

    @property
    def overhead(self) -> Overhead:
        """What measuring has cost so far."""
        stats = self._sampler.stats
        return Overhead(
            boundary_s=self._boundary_s,
            boundary_count=self._boundary_count,
            sync_s=self._sync_s,
            sampler_s=stats.cpu_s,
            sample_count=stats.count,
            sample_interval_median_s=stats.interval_median_s,
            sample_interval_p95_s=stats.interval_p95_s,
            stacks_s=self._stacks.cost_s if self._stacks is not None else None,
            stack_count=self._stacks.count if self._stacks is not None else 0,
        )
