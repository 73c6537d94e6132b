"""What the writer asks about a run that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..model import Step


class RunSource(Protocol):
    """A run as far as it got. Asked on the writer's thread, so that the run's own need not tell anything."""

    @property
    def finished_count(self) -> int:
        """How many nodes have ended."""
        ...

    def steps_since(self, count: int) -> Sequence[Step]:
        """The steps of the nodes that ended after the first ``count``, in that order."""
        ...

    def busy_with(self) -> tuple[str, float] | None:
        """The node that the run is busy with, and for how many seconds it has been."""
        ...
