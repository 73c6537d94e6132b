"""Records torch's memory history during a run and writes it for pytorch.org/memory_viz.

Only on demand: recording keeps a stack trace for every allocation and slows the run.
Failing to record never fails a run; it becomes a sentence for the report.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, Literal

log = logging.getLogger("holaf.profiler")

Mode = Literal["never", "on out of memory", "always"]
MAX_ENTRIES = 100_000
"""Allocations and frees remembered, the newest ones: some 100 MB of RAM at the most."""

NO_CUDA = "No memory snapshot: torch uses no CUDA or ROCm device here."
ASYNC_ALLOCATOR = (
    "No memory snapshot: the cudaMallocAsync allocator keeps no history. "
    "Start ComfyUI with --disable-cuda-malloc to record one."
)


def is_out_of_memory(error_type: str | None, message: str | None = None) -> bool:
    """Whether a failed node ran out of GPU memory, by its error's class name or text."""
    name = (error_type or "").rpartition(".")[2]
    return "OutOfMemory" in name or "OOM" in name or "out of memory" in (message or "").lower()


class MemorySnapshot:
    """One run's recording. :meth:`start`, then :meth:`finish` exactly once."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._memory: Any = None

    def start(self) -> str | None:
        """Begin recording if the mode asks for it. Answers why it cannot, in a sentence."""
        if self._mode == "never":
            return None
        torch: Any = sys.modules.get("torch")
        if torch is None or not torch.cuda.is_initialized():
            return NO_CUDA
        if torch.cuda.get_allocator_backend() == "cudaMallocAsync":
            return ASYNC_ALLOCATOR
        try:
            torch.cuda.memory._record_memory_history(max_entries=MAX_ENTRIES, stacks="python")
        except (RuntimeError, TypeError, AttributeError) as error:
            return f"No memory snapshot: torch does not record its memory history ({error})."
        self._memory = torch.cuda.memory
        return None

    def finish(self, path: Path, *, out_of_memory: bool) -> str | None:
        """End recording; write ``path`` if the mode and the run's end ask for it.

        Answers a sentence that names the file, or says why there is none; ``None`` where
        none was wanted.
        """
        memory, self._memory = self._memory, None
        if memory is None:
            return None
        try:
            if self._mode != "always" and not out_of_memory:
                return None
            path.parent.mkdir(parents=True, exist_ok=True)
            memory._dump_snapshot(str(path))
            return f"Memory snapshot: {path.name} (open it at pytorch.org/memory_viz)."
        except (RuntimeError, OSError, MemoryError) as error:
            return f"The memory snapshot could not be written: {error}."
        finally:
            try:
                memory._record_memory_history(enabled=None)
            except (RuntimeError, TypeError) as error:
                log.warning("Profiler: torch goes on recording its memory history: %s", error)
