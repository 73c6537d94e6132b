"""A run as far as it got, for the threads that write it down and tell the browsers about it."""

from __future__ import annotations

from collections.abc import Container, Sequence

from ..clock import now
from ..model import Step
from ..recorder import Recorder


class SoFar:
    """Looks at the recorder from any thread. Changes nothing, so the executor's thread need not wait.

    ``aside`` are the nodes that the user does not wait for: the pack's own.
    """

    def __init__(self, recorder: Recorder, aside: Container[str]) -> None:
        self._recorder = recorder
        self._aside = aside

    @property
    def finished_count(self) -> int:
        """How many nodes have ended."""
        return len(self._recorder.finished)

    def steps_since(self, count: int) -> list[Step]:
        """The steps of the nodes that ended after the first ``count``, in that order."""
        return [self._recorder.step(node_id) for node_id in self._recorder.finished[count:]]

    def ids(self, first: int, end: int) -> Sequence[str]:
        """The ids of the nodes that ended as number ``first`` up to ``end``, those aside left out."""
        return [node_id for node_id in self._recorder.finished[first:end] if node_id not in self._aside]

    def busy_with(self) -> tuple[str, float] | None:
        """The node that the run is busy with, and for how many seconds it has been.

        That is the one that runs, else the oldest one whose asynchronous tasks are at work.
        """
        for node_id, since_s in self._recorder.at_work:
            if node_id not in self._aside:
                return node_id, now() - since_s
        return None
