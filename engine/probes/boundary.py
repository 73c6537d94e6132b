"""One reading at a node boundary, put together from the process and the GPU memory.

Runs on the executor's thread between nodes, so it must be cheap and must not raise
for hardware. Never samples, never decides what a node is billed for.
"""

from __future__ import annotations

from time import process_time

from ..clock import Clock, now
from ..model import Boundary, DeviceMemory, Metric
from .process import ProcessProbe, ProcessReading
from .torch_memory import TorchMemory

new_tuple = tuple.__new__

SHORT_S = 0.002
"""A shorter node has no RAM and read figures of its own: in 2 ms a process touches a few megabytes."""
FRESH_S = 0.01
"""A node that begins starts from the last reading if it is younger than this: a reading takes some 30 us, and
however short the nodes are, readings shall take no more than 0.3 % of the executor's thread."""


class BoundaryReader:
    """Reads :class:`~engine.model.Boundary` objects.

    ``memory`` is ``None`` on a host without an accelerator. ``read`` starts new peaks,
    so exactly one thread may call it.
    """

    def __init__(self, process: ProcessProbe, memory: TorchMemory | None = None, clock: Clock = now) -> None:
        self._process = process
        self._memory = memory
        self._clock = clock
        self._reading = ProcessReading(None, None, None, None, None)
        self._vram: tuple[DeviceMemory, ...] = ()
        self._reading_s = self._vram_s = self._entered_s = float("-inf")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """How each field is measured, or why it is not."""
        memory = self._memory.metrics if self._memory is not None else ()
        return (*self._process.metrics, *memory)

    def read(self, *, sync: bool, entering: bool = False) -> Boundary:
        """Everything, once; ``sync`` waits for all queued GPU work first.

        Time and CPU time are always new. RAM and bytes read stand as they were where a node
        begins within :data:`FRESH_S` or ends within :data:`SHORT_S`; what short nodes did is
        then found at the next reading. GPU memory is read at each node's end: a gigabyte of
        that is allocated in microseconds.

        The stamp (``t_s``, ``cpu_s``) is taken after the wait: before the other
        readings at a node's end, after them with ``entering``, so that the cost of
        reading falls between nodes and not into one.
        """
        clock, process, memory = self._clock, self._process, self._memory
        t_s = began_s = clock()
        if sync and memory is not None:
            memory.synchronize()
            t_s = clock()
        sync_s = t_s - began_s
        peak: int | None = None
        due_s = self._reading_s + FRESH_S if entering else self._entered_s + SHORT_S
        if t_s < due_s:
            reading = self._reading
            cpu_s: float | None = process_time() + process.children_s
        else:
            reading = self._reading = process.read()
            self._reading_s = t_s
            peak = reading.ram_peak_bytes
            cpu_s = process_time() + process.children_s if entering else reading.cpu_s
        if memory is not None and not (entering and t_s < self._vram_s + SHORT_S):
            self._vram = memory.read()
            self._vram_s = t_s
        if entering:
            t_s = self._entered_s = clock()
        _, ram_bytes, _, read_bytes, read_call_bytes = reading
        # Made without the class's own __new__, which is a Python function: this is the hot path.
        return new_tuple(
            Boundary, (t_s, cpu_s, ram_bytes, peak, read_bytes, read_call_bytes, self._vram, sync_s)
        )

    def read_light(self) -> Boundary:
        """Time and CPU time now, all else as it stood at the last reading (about 1 us)."""
        last = self._reading
        return Boundary(
            self._clock(),
            process_time() + self._process.children_s,
            last.ram_bytes,
            None,
            last.read_bytes,
            last.read_call_bytes,
            self._vram,
        )
