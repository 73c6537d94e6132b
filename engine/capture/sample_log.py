"""Where every reading of a run lies: the sampling thread writes, everybody else reads.

Packed into arrays from the first sample on, a column for each quantity and device.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Sequence

from ..model import Metric, Sample, Series


class _Column:
    """All readings of one quantity of one device."""

    __slots__ = ("start_s", "t_s", "value")

    def __init__(self) -> None:
        self.t_s = array("d")
        self.value = array("d")
        self.start_s: array[float] | None = array("d")

    def add(self, sample: Sample) -> None:
        self.t_s.append(sample.t_s)
        self.value.append(sample.value)
        if sample.start_s is None:
            self.start_s = None  # an instant among them: the whole series is one of instants
        elif self.start_s is not None:
            self.start_s.append(sample.start_s)


class SampleLog:
    """All samples of a run, packed as they come in. Any thread may write and read."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str | None], _Column] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return sum(len(column.t_s) for column in self._columns.values())

    def extend(self, samples: Iterable[Sample]) -> None:
        """Add ``samples``, in any order of quantities."""
        with self._lock:
            for sample in samples:
                key = (sample.metric, sample.device)
                column = self._columns.get(key)
                if column is None:
                    column = self._columns[key] = _Column()
                column.add(sample)

    def newest(self, metric: str, device: str | None = None) -> float | None:
        """The value that came in last; ``None`` where none has."""
        with self._lock:
            column = self._columns.get((metric, device))
            return column.value[-1] if column is not None else None

    def series(self, metrics: Sequence[Metric], origin_s: float) -> tuple[Series, ...]:
        """Samples by quantity and device in time order, in seconds since ``origin_s``.

        Units come from ``metrics``, by device or else by name alone.
        """
        units = {(metric.name, metric.device): metric.unit for metric in metrics}
        with self._lock:
            return tuple(
                self._series(key, units.get(key, units.get((key[0], None), "")), origin_s)
                for key in self._columns
            )

    def _series(self, key: tuple[str, str | None], unit: str, origin_s: float) -> Series:
        column = self._columns[key]
        order = sorted(range(len(column.t_s)), key=column.t_s.__getitem__)
        start = column.start_s
        return Series(
            metric=key[0],
            unit=unit,
            device=key[1],
            t_s=tuple(column.t_s[index] - origin_s for index in order),
            value=tuple(column.value[index] for index in order),
            start_s=() if start is None else tuple(start[index] - origin_s for index in order),
        )
