"""Rules about GPU memory. Each speaks only where its quantity was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...model import Run, Summary
from ..labels import step_title
from ..spread import known
from ..units import format_bytes, format_capacity
from .entry import Advice, name_of, ran

FULL_SHARE = 0.95

_DECODER = re.compile(r"vae.*decode", re.IGNORECASE)
_TILED = re.compile(r"tiled", re.IGNORECASE)


def memory_full(run: Run, summary: Summary) -> Iterable[Advice]:
    """There is next to no GPU memory left."""
    for peak in (summary.device_vram_peak, *summary.vram_peaks):
        if peak is None or not peak.capacity_bytes or peak.value_bytes < FULL_SHARE * peak.capacity_bytes:
            continue
        where = f" in {name_of(run, peak.node_id)}" if peak.node_id else ""
        yield Advice(
            kind="memory_full",
            severity="high",
            text=(
                f"GPU memory is full{where}: {format_capacity(peak.value_bytes, peak.capacity_bytes)}. A "
                "little more and the run fails or falls back to slow paths. Lower the batch size or the "
                "resolution, use tiled VAE nodes, or a smaller version of the model."
            ),
            node_ids=(peak.node_id,) if peak.node_id else (),
            evidence={
                "peak_bytes": peak.value_bytes,
                "capacity_bytes": peak.capacity_bytes,
                "device": peak.device,
            },
        )
        return


def others_on_gpu(run: Run, summary: Summary) -> Iterable[Advice]:
    """Other programs hold GPU memory the whole time."""
    device = run.primary_device
    capacity = device.memory_total_bytes if device else None
    shares = [
        step.device_vram_max_bytes - step.vram_max
        for step in ran(run)
        if step.device_vram_max_bytes is not None and step.vram_max is not None
    ]
    others = min(shares, default=0)
    if capacity and others > max(0.1 * capacity, 1 << 30):
        yield Advice(
            kind="gpu_shared",
            severity="medium",
            text=(
                f"Other programs hold {format_bytes(others)} of the GPU's {format_bytes(capacity)} the whole "
                "time. Closing them gives the workflow more room."
            ),
            evidence={"others_bytes": others, "capacity_bytes": capacity},
        )


def decode_peak(run: Run, summary: Summary) -> Iterable[Advice]:
    """One decode needs far more GPU memory than all else."""
    peak = summary.vram_peak
    step = next((step for step in ran(run) if peak and step.node_id == peak.node_id), None)
    if peak is None or step is None or not _DECODER.search(step.node_type) or _TILED.search(step.node_type):
        return
    others = max(known(other.vram_max for other in ran(run) if other.node_id != step.node_id), default=0.0)
    crowded = peak.capacity_bytes is not None and peak.value_bytes > 0.7 * peak.capacity_bytes
    if not crowded or peak.value_bytes < 1.2 * others:
        return
    yield Advice(
        kind="decode_peak",
        severity="medium",
        text=(
            f"The run's highest memory use, {format_bytes(peak.value_bytes)}, is in {step_title(step)}; "
            f"every other node stays below {format_bytes(others)}. VAE Decode (Tiled) decodes piece by piece "
            "and needs far less."
        ),
        node_ids=(step.node_id,),
        evidence={
            "peak_bytes": peak.value_bytes,
            "others_peak_bytes": others,
            "capacity_bytes": peak.capacity_bytes,
        },
    )
