"""One reading at a node boundary, put together from the process and the GPU memory.

Runs on the executor's thread between nodes, so it must be cheap and must not raise
for hardware. Never samples, never decides what a node is billed for.
"""

from __future__ import annotations

from ..clock import Clock, now
from ..model import Boundary, Metric
from .process import ProcessProbe
from .torch_memory import TorchMemory


class BoundaryReader:
    """Reads :class:`~engine.model.Boundary` objects.

    ``memory`` is ``None`` on a host without an accelerator. ``read`` starts new peaks,
    so exactly one thread may call it.
    """

    def __init__(self, process: ProcessProbe, memory: TorchMemory | None = None, clock: Clock = now) -> None:
        self._process = process
        self._memory = memory
        self._clock = clock

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """How each field is measured, or why it is not."""
        memory = self._memory.metrics if self._memory is not None else ()
        return (*self._process.metrics, *memory)

    def read(self, *, sync: bool, entering: bool = False) -> Boundary:
        """Everything, once; ``sync`` waits for all queued GPU work first.

        The stamp (``t_s``, ``cpu_s``) is taken after the wait: before the other
        readings at a node's end, after them with ``entering``, so that the cost of
        reading falls between nodes and not into one.
        """
        clock, process, memory = self._clock, self._process, self._memory
        began_s = clock()
        t_s = began_s
        if sync and memory is not None:
            memory.synchronize()
            t_s = clock()
        sync_s = t_s - began_s
        reading = process.read()
        vram = memory.read() if memory is not None else ()
        cpu_s = reading.cpu_s
        ended_s = clock()
        if entering:
            t_s, cpu_s = ended_s, process.cpu_s()
        return Boundary(
            t_s=t_s,
            cpu_s=cpu_s,
            ram_bytes=reading.ram_bytes,
            ram_peak_bytes=reading.ram_peak_bytes,
            read_bytes=reading.read_bytes,
            read_call_bytes=reading.read_call_bytes,
            vram=vram,
            sync_s=sync_s,
            cost_s=ended_s - began_s - sync_s,
        )

    def read_light(self) -> Boundary:
        """Time and CPU time only (about 1 us), where a full reading has just been made."""
        return Boundary(t_s=self._clock(), cpu_s=self._process.cpu_s())
