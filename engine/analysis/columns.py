"""The steps of many runs as columns: numbers as arrays, all else as codes of its distinct values. Pure.

Steps come by the hundred thousand, some hundreds at a time. Each part is taken in while it is fresh, so that
its texts and numbers need not live as objects: looking at all of them once more would take as long again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model import Run

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

CODED = ("run_id", "node_id", "node_type", "node_title", "status")
"""The columns that are no numbers to calculate with."""
_NO_PLACES, _NO_NUMBERS = np.zeros(0, dtype=np.int64), np.zeros(0)


class Columns:
    """The steps of the ordinary nodes of many runs, with the columns ``names`` of the history."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._codes: dict[str, defaultdict[Any, int]] = {}
        for name in self.names:
            if name in CODED:
                codes = self._codes[name] = defaultdict()
                codes.default_factory = codes.__len__  # a new value gets the next number
        self._parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in self.names}

    def add(self, part: Sequence[Sequence[Any]]) -> None:
        """More steps: for each of :attr:`names` their values, ``None`` where there is none.

        What stands last in :attr:`names` may be missing: it is not known of these steps.
        """
        count = len(part[0])
        for place, name in enumerate(self.names):
            values = part[place] if place < len(part) else ()
            if name in CODED and values:
                codes = map(self._codes[name].__getitem__, values)
                self._parts[name].append(np.fromiter(codes, np.int64, count))
            elif name in CODED:
                self._parts[name].append(np.full(count, self._codes[name][None]))
            elif values.count(None) == len(values):  # as energy is on many machines
                self._parts[name].append(np.full(count, np.nan))
            else:
                self._parts[name].append(np.array(values, dtype=np.float64))

    def add_run(self, run: Run, run_id: int) -> None:
        """The steps of a run in memory, under the id ``run_id``."""
        steps = run.measured_steps
        self.add(
            [[run_id if name == "run_id" else getattr(step, name) for step in steps] for name in self.names]
        )

    def coded(self, name: str) -> tuple[Places, list[Any]]:
        """Each step's value as its number among the distinct ones, and these: what is decided by a value is
        decided once for each."""
        return self._whole(name, _NO_PLACES), list(self._codes[name])

    def marked(self, name: str, wanted: Sequence[Any]) -> Mask:
        """Where the value is one of ``wanted``."""
        places, distinct = self.coded(name)
        return np.array([value in wanted for value in distinct], dtype=np.bool_)[places]

    def numbers(self, name: str) -> Vector:
        """The values of a column of numbers, NaN where there is none."""
        return self._whole(name, _NO_NUMBERS)

    def _whole(self, name: str, nothing: npt.NDArray[Any]) -> npt.NDArray[Any]:
        whole = np.concatenate([nothing, *self._parts[name]])
        self._parts[name] = [whole]  # put together once
        return whole
