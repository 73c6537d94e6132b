"""Everything sampled in a run, kept small: a two-hour run holds half a million readings.

As objects these would take 150 bytes each and keep Python's garbage collector busy, inside
the very process whose memory is being measured. Here a reading takes 16 to 24 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from .model import Metric, Sample, Series


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
    """Collects samples in any order of quantities. Not thread-safe."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._columns: dict[tuple[str, str | None], _Column] = {}
        self.extend(samples)

    def __len__(self) -> int:
        return sum(len(column.t_s) for column in self._columns.values())

    def extend(self, samples: Iterable[Sample]) -> None:
        """Add ``samples``."""
        for sample in samples:
            key = (sample.metric, sample.device)
            column = self._columns.get(key)
            if column is None:
                column = self._columns[key] = _Column()
            column.add(sample)

    def series(self, metrics: Sequence[Metric], origin_s: float) -> tuple[Series, ...]:
        """Samples by quantity and device in time order, in seconds since ``origin_s``.

        Units come from ``metrics``, by device or else by name alone.
        """
        units = {(metric.name, metric.device): metric.unit for metric in metrics}
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
