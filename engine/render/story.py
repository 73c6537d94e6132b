"""What a run made, how it came to run, and what happened in it, in words. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.labels import clean
from ..analysis.units import format_seconds
from ..language import t, tn
from ..model import Event, Run

WAIT_S = 1.0
"""A shorter wait in the queue is not worth a word."""
EVENTS_MAX = 20
"""So many events are listed."""


def story(run: Run) -> str:
    """What the run made and how it came to run, as far as that is worth a word."""
    facts = []
    if run.output_count:
        facts.append(tn("{n} output|{n} outputs", run.output_count))
    if run.frame_count and run.frame_time_s is not None:
        frames = tn("{n} frame|{n} frames", run.frame_count)
        facts.append(t("{frames}, {time} each", frames=frames, time=format_seconds(run.frame_time_s)))
    if (run.queue_wait_s or 0.0) >= WAIT_S:
        facts.append(t("waited {time} in the queue", time=format_seconds(run.queue_wait_s)))
    if run.retry_of is not None:
        facts.append(t("try {n}, after run {id} failed", n=run.attempt, id=run.retry_of))
    return " · ".join(facts)


def event_lines(events: Sequence[Event]) -> list[str]:
    """When what happened, as other programs and nodes report; the first of very many."""
    lines = [f"{format_seconds(event.t_s):>9}  {clean(event.text)}" for event in events[:EVENTS_MAX]]
    more = len(events) - len(lines)
    return [t("events"), *lines, *([t("and {n} more", n=more)] if more else [])] if lines else []
