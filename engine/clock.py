"""The one seam where time is read. Never sleeps, never schedules.

Everything that is measured is stamped with :func:`now`, so that readings of
different threads lie on one axis. Tests replace the clock with
:class:`FakeClock` instead of waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

Clock = Callable[[], float]
"""A function that returns monotonic seconds."""

now: Clock = time.perf_counter


def utc_timestamp(moment: datetime | None = None) -> str:
    """The wall-clock time now, or a ``moment`` in UTC, as ISO 8601 with milliseconds and a ``Z``."""
    moment = moment or datetime.now(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class FakeClock:
    """A clock that moves only when a test moves it.

    ``clock = FakeClock(); clock.advance(1.5); clock() == 1.5``
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def __call__(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward by ``seconds``."""
        self._now_s += seconds
