"""Runs plain functions as if they were nodes, measured by the pack and by the methods of other profilers.

No ComfyUI: what is under test is the reading at node boundaries. Used by ``metrics.accuracy`` and by
the tests that need a GPU.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import psutil

from engine import clock
from engine.capture.assembly import Evidence, assemble
from engine.capture.measurement import Measurement
from engine.capture.recorder import Outcome
from engine.capture.spans import NodeRef
from engine.model import Run, RunSettings, Step, Timing
from engine.probes.select import Probes, open_probes

Node = tuple[str, Callable[[], object]]
"""A name and what it does."""


@dataclass(frozen=True)
class PeerReading:
    """What others would say of one node. Seconds, bytes, percent; ``None`` where they say nothing.

    ``next_start_s``: from its start to the next node's start. ``host_s``: from its start to its end on
    the host's clock, the GPU not waited for. ``polled_ram_bytes``: the highest resident size that a thread
    polling every 50 ms saw meanwhile; ``polled_cpu_s``: its CPU percentages times 50 ms.
    """

    next_start_s: float
    host_s: float
    polled_ram_bytes: float | None
    polled_cpu_s: float | None


@dataclass(frozen=True)
class Measured:
    """One run of a few nodes: the pack's record, and what the peers' methods give."""

    run: Run
    peers: dict[str, PeerReading]
    ram_before_bytes: dict[str, int] = field(default_factory=dict)

    def step(self, name: str) -> Step:
        """The pack's step of a node."""
        return next(step for step in self.run.steps if step.node_id == name)


class Poller:
    """Polls resident memory and ``psutil``'s CPU percentage every 50 ms, as others do."""

    PERIOD_S = 0.05

    def __init__(self) -> None:
        self.readings: list[tuple[float, int, float]] = []
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Poller:
        self._process.cpu_percent()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._stop.wait(self.PERIOD_S):
            percent = self._process.cpu_percent()
            self.readings.append((time.perf_counter(), self._process.memory_info().rss, percent))

    def within(self, start_s: float, end_s: float) -> list[tuple[int, float]]:
        """(bytes, percent) polled between two times."""
        return [(ram, percent) for t_s, ram, percent in self.readings if start_s <= t_s <= end_s]


def run_nodes(
    nodes: Sequence[Node],
    *,
    timing: Timing = "precise",
    between_s: float = 0.0,
    probes: Probes | None = None,
    poll: bool = True,
) -> Measured:
    """Run ``nodes`` one after the other, ``between_s`` seconds of the host's own work after each."""
    settings = RunSettings(timing=timing)
    refs = {name: NodeRef(node_id=name, node_type="Bench", node_title=name) for name, _ in nodes}
    probes = probes or open_probes()
    measurement = Measurement(probes, settings, refs.__getitem__)
    host: list[tuple[float, float]] = []
    before: dict[str, int] = {}
    process = psutil.Process()
    poller = Poller()
    measurement.start()
    with poller:
        for name, work in nodes:
            before[name] = process.memory_info().rss
            host_start_s = time.perf_counter()
            measurement.enter(name)
            work()
            host_end_s = time.perf_counter()
            measurement.leave(name, Outcome())
            host.append((host_start_s, host_end_s))
            time.sleep(between_s)
        end_s = time.perf_counter()
    measurement.stop()
    run = _run_of(measurement, probes, settings)
    starts = [start_s for start_s, _ in host] + [end_s]
    peers = {}
    for index, (name, _) in enumerate(nodes):
        start_s, stop_s = host[index]
        polled = poller.within(start_s, stop_s) if poll else []
        peers[name] = PeerReading(
            next_start_s=starts[index + 1] - start_s,
            host_s=stop_s - start_s,
            polled_ram_bytes=max((ram for ram, _ in polled), default=None),
            polled_cpu_s=sum(percent for _, percent in polled) / 100 * Poller.PERIOD_S if polled else None,
        )
    return Measured(run, peers, before)


def _run_of(measurement: Measurement, probes: Probes, settings: RunSettings) -> Run:
    draft = Run(
        timestamp=clock.utc_timestamp(),
        settings=settings,
        devices=probes.devices,
        metrics=measurement.metrics,
        overhead=measurement.overhead,
    )
    evidence = Evidence(
        origin_s=measurement.origin_s,
        steps=measurement.steps(clock.now()),
        samples=measurement.samples,
    )
    return assemble(draft, evidence, str)
