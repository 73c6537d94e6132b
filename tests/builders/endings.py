"""Runs that ended in every other way than having computed everything."""

from __future__ import annotations

from dataclasses import replace

from engine.model import Run, Segment, Series

from .parts import CPU_METRICS, GB, TIMESTAMP, cached, positioned
from .sdxl import sdxl_run


def failed_run() -> Run:
    """Out of memory in the sampler after 12.3 s."""
    run = sdxl_run()
    steps = list(run.steps[:7])
    sampler = replace(steps[6], end_s=12.3, exec_time=0.5, self_time_s=0.5, wall_time_s=0.5, status="error")
    message = "CUDA out of memory. Tried to allocate 9.00 GiB. GPU 0 has a total capacity of 23.99 GiB"
    steps[6] = replace(
        sampler,
        segments=(Segment("run", sampler.start_s or 0.0, 12.3),),
        vram_max=int(23.1 * GB),
        error_type="torch.OutOfMemoryError",
        error_message=message,
    )
    return replace(
        run,
        id=129,
        status="failed",
        total_time=12.3,
        steps=tuple(steps),
        error_node_id="3",
        error_type="torch.OutOfMemoryError",
        error_message=message,
        series=tuple(cut(one, 12.3) for one in run.series),
    )


def cut(one: Series, end_s: float) -> Series:
    """``one`` up to ``end_s``."""
    count = sum(t_s <= end_s for t_s in one.t_s)
    return replace(one, t_s=one.t_s[:count], value=one.value[:count], start_s=one.start_s[:count])


def interrupted_run() -> Run:
    """Cancelled in the sampler after 21.7 s."""
    run = sdxl_run()
    steps = list(run.steps[:7])
    length = 21.7 - (steps[6].start_s or 0.0)
    steps[6] = replace(
        steps[6],
        end_s=21.7,
        exec_time=length,
        self_time_s=length,
        wall_time_s=length,
        status="interrupted",
        segments=(Segment("run", steps[6].start_s or 0.0, 21.7),),
    )
    return replace(
        run,
        id=130,
        status="interrupted",
        total_time=21.7,
        steps=tuple(steps),
        forced=True,
        snapshot_match="mismatch",
        series=tuple(cut(one, 21.7) for one in run.series),
    )


def all_cached_run() -> Run:
    """Every node came from the cache."""
    run = sdxl_run()
    steps = [
        cached(one.node_id, one.node_type, title=one.node_title, previous_s=one.exec_time)
        for one in run.steps
    ]
    return replace(run, id=131, total_time=0.012, steps=positioned(steps), series=(), cold=False)


def partly_cached_run() -> Run:
    """A second run with only the sampler's seed changed."""
    run = sdxl_run()
    kept = [
        cached(one.node_id, one.node_type, title=one.node_title, previous_s=one.exec_time)
        for one in run.steps[:6]
    ]
    shift = (run.steps[6].start_s or 0.0) - 0.01
    ran = [
        replace(
            one,
            start_s=(one.start_s or 0.0) - shift,
            end_s=(one.end_s or 0.0) - shift,
            segments=tuple(
                Segment(part.kind, part.start_s - shift, part.end_s - shift) for part in one.segments
            ),
        )
        for one in run.steps[6:]
    ]
    moved = []
    for one in run.series:
        kept_points = [
            (t_s - shift, value) for t_s, value in zip(one.t_s, one.value, strict=True) if t_s >= shift
        ]
        moved.append(
            replace(one, t_s=tuple(t for t, _ in kept_points), value=tuple(value for _, value in kept_points))
        )
    return replace(
        run,
        id=132,
        total_time=41.2 - shift,
        cold=False,
        steps=positioned([*kept, *ran]),
        series=tuple(moved),
        snapshot_match="no reference",
    )


def empty_run() -> Run:
    """A prompt in which nothing but the profiler ran."""
    return Run(id=1, timestamp=TIMESTAMP, status="success", total_time=0.003, metrics=CPU_METRICS)


def crashed_run() -> Run:
    """A host that was killed while the sampler ran."""
    run = sdxl_run()
    steps = list(run.steps[:7])
    steps[6] = replace(
        steps[6],
        end_s=None,
        exec_time=None,
        self_time_s=None,
        wall_time_s=None,
        status="running",
        segments=(),
    )
    return replace(
        run,
        id=133,
        status="crashed",
        total_time=None,
        steps=tuple(steps),
        running_node_id="3",
        series=tuple(cut(one, 20.0) for one in run.series),
    )
