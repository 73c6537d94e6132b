"""Follows the host's models through one run: time spent moving them, and which are loaded after each node."""

from __future__ import annotations

from ..model import ResidentModel
from ..recorder import Recorder
from . import models


class ModelWatch:
    """One run's watch. Executor's thread only."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._resident: tuple[ResidentModel, ...] = ()
        self._count = -1

    def start(self) -> None:
        """Listen to the host's model moves on this thread."""
        models.listen(self._moved)

    def stop(self) -> None:
        """Listen no more."""
        models.listen(None)

    def node_ended(self, node_id: str) -> None:
        """Note which models are loaded now."""
        count = models.loaded_count()
        if count != self._count:
            self._count = count
            self._resident = models.resident_models()
        if self._resident:
            self._recorder.resident(node_id, self._resident)

    def _moved(self, kind: models.Kind, seconds: float) -> None:
        self._recorder.loading(seconds, unload=kind == "offload")
        # Sizes change with every move, even where no model comes or goes.
        self._count = -1
