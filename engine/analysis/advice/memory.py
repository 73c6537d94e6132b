"""Rules about GPU memory. Each speaks only where its quantity was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...language import grouped, sentences, t
from ...model import Run, Summary
from ...workflow.sizes import frames_of
from ..labels import step_title
from ..spread import known
from ..units import format_bytes, format_capacity
from .entry import Advice, Thresholds, name_of, ran

CARDS_GB = (8, 12, 16, 24)
CARD_RESERVE_BYTES = int(0.6 * 2**30)
"""What the driver and the desktop need of a card."""

_DECODER = re.compile(r"vae.*decode", re.IGNORECASE)
_TILED = re.compile(r"tiled", re.IGNORECASE)


def memory_full(run: Run, summary: Summary, limits: Thresholds) -> Iterable[Advice]:
    """There is next to no GPU memory left.

    What is in use, without what the allocator only keeps for later. With ComfyUI's dynamic
    GPU memory models fill the card on purpose: nothing is wrong with that.
    """
    if run.environment.get("host.dynamic_vram") == "on":
        return
    for peak in summary.vram_peaks:
        if not peak.capacity_bytes or peak.value_bytes < limits.vram_share * peak.capacity_bytes:
            continue
        size = format_capacity(peak.value_bytes, peak.capacity_bytes)
        what = (
            t("GPU memory is full in {node}: {size}.", node=name_of(run, peak.node_id), size=size)
            if peak.node_id
            else t("GPU memory is full: {size}.", size=size)
        )
        cure = t(
            "A little more and the run fails or falls back to slow paths. Lower the batch size or the "
            "resolution, use tiled VAE nodes, or a smaller version of the model."
        )
        yield Advice(
            kind="memory_full",
            severity="high",
            text=sentences((what, cure)),
            node_ids=(peak.node_id,) if peak.node_id else (),
            evidence={
                "peak_bytes": peak.value_bytes,
                "capacity_bytes": peak.capacity_bytes,
                "device": peak.device,
            },
        )
        return


def others_on_gpu(run: Run, summary: Summary) -> Iterable[Advice]:
    """Other programs hold GPU memory the whole time.

    Given only for a run that began without models: later, memory that the allocator keeps
    looks like theirs.
    """
    if not run.cold:
        return
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
            text=t(
                "Other programs hold {part} of the GPU's {capacity} the whole time. Closing them gives the "
                "workflow more room.",
                part=format_bytes(others),
                capacity=format_bytes(capacity),
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
        text=t(
            "The run's highest memory use, {size}, is in {node}; every other node stays below {others}. "
            "VAE Decode (Tiled) decodes piece by piece and needs far less.",
            size=format_bytes(peak.value_bytes),
            node=step_title(step),
            others=format_bytes(others),
        ),
        node_ids=(step.node_id,),
        evidence={
            "peak_bytes": peak.value_bytes,
            "others_peak_bytes": others,
            "capacity_bytes": peak.capacity_bytes,
        },
    )


def fits_cards(run: Run, summary: Summary) -> Iterable[Advice]:
    """Which cards the run fits, and by how much it misses the next smaller one."""
    peak = summary.vram_peak
    if peak is None or peak.value_bytes < 2**30 or run.status != "success":
        return
    needed = peak.value_bytes + CARD_RESERVE_BYTES
    fitting = [size for size in CARDS_GB if size * 2**30 >= needed]
    missed = [size for size in CARDS_GB if size * 2**30 < needed]
    over = format_bytes(needed - missed[-1] * 2**30) if missed else ""
    if not missed:
        text = t("It fits a {size} GB card.", size=fitting[0])
    elif not fitting:
        text = t("It misses a {size} GB card by {over}.", size=missed[-1], over=over)
    else:
        text = t(
            "It fits a {size} GB card and misses a {smaller} GB card by {over}.",
            size=fitting[0],
            smaller=missed[-1],
            over=over,
        )
    used = t("This run uses up to {size} of GPU memory.", size=format_bytes(peak.value_bytes))
    yield Advice(
        kind="fits_cards",
        severity="low",
        confidence="medium",
        text=sentences((used, text)),
        node_ids=(peak.node_id,) if peak.node_id else (),
        evidence={"peak_bytes": peak.value_bytes, "fits_gb": fitting, "misses_gb": missed},
    )


def models_swapped(run: Run, summary: Summary) -> Iterable[Advice]:
    """A model was loaded, put out, and loaded again within one run."""
    history: dict[str, list[bool]] = {}
    steps = sorted((step for step in ran(run) if step.models), key=lambda step: step.position)
    names = {model.name for step in steps for model in step.models}
    for step in steps:
        resident = {model.name for model in step.models if model.loaded_bytes > 0}
        for name in names:
            history.setdefault(name, []).append(name in resident)
    swapped = sorted(name for name, seen in history.items() if _comes_back(seen))
    if not swapped:
        return
    spent = sum(known(step.load_time_s for step in ran(run)))
    yield Advice(
        kind="models_swapped",
        severity="medium",
        text=t(
            "{models} had to leave GPU memory and come back within this run. Put the nodes that use the "
            "same model one after another, or use smaller models that fit beside each other.",
            models=", ".join(swapped[:3]),
        ),
        evidence={"models": swapped, "load_time_s": spent},
    )


def _comes_back(seen: Sequence[bool]) -> bool:
    """Whether there is a gap between two times at which it was there."""
    first = seen.index(True) if True in seen else len(seen)
    rest = seen[first:]
    return False in rest and True in rest[rest.index(False) :]


def long_video(run: Run, summary: Summary, limits: Thresholds) -> Iterable[Advice]:
    """A long video in one piece fills the memory."""
    peak = summary.vram_peak
    if peak is None or not peak.capacity_bytes or peak.value_bytes < 0.8 * peak.capacity_bytes:
        return
    for node_id in run.prompt or {}:
        frames = frames_of(run.prompt or {}, node_id) or 0
        if frames >= limits.long_video_frames:
            yield Advice(
                kind="long_video",
                severity="medium",
                confidence="medium",
                text=t(
                    "{node} makes {n} frames in one piece, and uses {size} of GPU memory. Make long videos "
                    "in parts, each from the last frames of the one before.",
                    node=name_of(run, node_id),
                    n=grouped(frames),
                    size=format_capacity(peak.value_bytes, peak.capacity_bytes),
                ),
                node_ids=(node_id,),
                evidence={"frames": frames, "peak_bytes": peak.value_bytes},
            )
            return
