"""What a probe is. One probe owns one source of numbers; it never schedules itself.

A probe that cannot read a quantity says so once, as a :class:`Metric` with a
``reason``, and leaves it out of what it returns. It never answers 0 for
"unknown", and never raises for hardware that is missing or goes away.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..model import Metric, Sample


class SampledProbe(Protocol):
    """A source that the monitor thread reads again and again.

    ``period_s`` is how often it wants to be read; ``None`` means at the run's
    sampling interval. It may change between readings. ``metrics`` says what it delivers
    and what it cannot, and may change while it runs (a GPU can be lost).
    """

    name: str

    @property
    def period_s(self) -> float | None: ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry a quantity and device, with its method or the reason it is missing."""

    def read(self) -> Iterable[Sample]:
        """Readings that are new since the last call, each with its own time stamp."""

    def close(self) -> None:
        """Release what the probe holds, if anything. Called once, from the reading thread."""
        return
