"""How a run came to run and what it made: its place in the queue, its memory before and after, its outputs.

Reads what ComfyUI and the measurement hold already; opens no file.
"""

from __future__ import annotations

import time
from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from ...model import Run, Series
from ...workflow.outputs import frame_count, outputs_of
from ...workflow.sizes import sizes


def waited(extra_data: Mapping[str, Any]) -> float | None:
    """Seconds that a prompt whose turn it is now has waited, by ComfyUI's note of when it was queued."""
    created_ms = extra_data.get("create_time")
    if isinstance(created_ms, bool) or not isinstance(created_ms, (int, float)):
        return None
    waited_s = time.time() - created_ms / 1000.0
    return waited_s if 0.0 <= waited_s < 1e8 else None


def with_memory(run: Run) -> Run:
    """``run`` with the first and the last readings of this process's memory, and what its prompt asks for."""
    primary = run.primary_device
    ram = _ends(run, "ram_bytes", None)
    vram = _ends(run, "vram_bytes", primary.key if primary else None)
    lists = [step.list_count for step in run.measured_steps if (step.list_count or 0) > 1]
    return replace(
        run,
        ram_before_bytes=ram[0],
        ram_after_bytes=ram[1],
        vram_before_bytes=vram[0],
        vram_after_bytes=vram[1],
        scene_count=max((count for count in lists if count), default=None),
        sizes=sizes(run.prompt or {}),
    )


def with_outputs(run: Run, history_result: object, without: Container[str]) -> Run:
    """``run`` with what its nodes gave to the user. ``history_result`` is the executor's, ``None`` for none.

    ``without`` are the nodes of the profiler and those behind its reports.
    """
    if not isinstance(history_result, Mapping):
        return run
    outputs = outputs_of(history_result.get("outputs"), without)
    return replace(
        run,
        outputs=outputs,
        output_count=sum(output.count for output in outputs),
        frame_count=frame_count(outputs, run.sizes),
    )


def _ends(run: Run, metric: str, device: str | None) -> tuple[int | None, int | None]:
    found: Series | None = next(
        (each for each in run.series if each.metric == metric and each.device == device and each.value), None
    )
    return (None, None) if found is None else (int(found.value[0]), int(found.value[-1]))
