"""The JSON routes under ``/holaf/profiler/``. Each resource has a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...store.history import History

PREFIX = "/holaf/profiler/"


def register(get_history: Callable[[str], History] | None = None) -> None:
    """Add all routes to ComfyUI's server. Called once, while the pack loads; opens nothing.

    ``get_history`` maps a user id to that user's history (:func:`histories.for_user`
    where it is left out).
    """
    from . import server

    server.mount(get_history)
