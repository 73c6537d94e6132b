"""Which models the host holds, and how long it takes to move them.

Wraps two functions of ``comfy.model_management``: whatever stands there, its own or
another pack's wrapper, is called exactly once with exactly what was given, and its
answer or error passes through. Without a listener a call costs one comparison more.
"""

from __future__ import annotations

import functools
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from ...capture.recorder import Recorder
from ...clock import now
from ...model import ResidentModel
from . import models

log = logging.getLogger("holaf.profiler")

Kind = Literal["load", "offload"]
OnLoad = Callable[[Kind, float], None]
"""Called with the kind and the seconds of host time after each move."""
T = TypeVar("T")

_MARK = "_holaf_profiler_timed"


class _Listener:
    """Who is told. Moves inside a move are taken off the outer one's time."""

    def __init__(self, on_load: OnLoad) -> None:
        self.on_load = on_load
        self.thread = threading.get_ident()
        self.nested_s = 0.0
        self.failed = False

    def timed(self, kind: Kind, call: Callable[..., T], args: Any, kwargs: Any) -> T:
        outer_s, self.nested_s = self.nested_s, 0.0
        began_s = now()
        try:
            return call(*args, **kwargs)
        finally:
            took_s = now() - began_s
            own_s = took_s - self.nested_s
            self.nested_s = outer_s + took_s
            self._tell(kind, own_s)

    def _tell(self, kind: Kind, seconds: float) -> None:
        if self.failed:
            return
        try:
            self.on_load(kind, seconds)
        except Exception:
            self.failed = True
            log.exception("Profiler: model times are not recorded for the rest of this run.")


_listener: _Listener | None = None


def install(management: Any = None) -> None:
    """Wrap the host's functions, once. ``management`` stands for ``comfy.model_management``."""
    if management is None:
        management = importlib.import_module("comfy.model_management")
    _wrap(management, "load_models_gpu", "load")
    _wrap(management, "free_memory", "offload")


def listen(on_load: OnLoad | None) -> None:
    """Tell ``on_load`` of every move on the calling thread from now on; ``None`` ends it."""
    global _listener
    _listener = None if on_load is None else _Listener(on_load)


def _wrap(management: Any, name: str, kind: Kind) -> None:
    original = getattr(management, name, None)
    if original is None or _is_wrapped(original):
        return

    @functools.wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        listener = _listener
        if listener is None or listener.thread != threading.get_ident():
            return original(*args, **kwargs)
        return listener.timed(kind, original, args, kwargs)

    setattr(timed, _MARK, True)
    setattr(management, name, timed)


def _is_wrapped(function: Any) -> bool:
    """Whether our wrapper is on already, perhaps below somebody else's."""
    while function is not None:
        if getattr(function, _MARK, False):
            return True
        function = getattr(function, "__wrapped__", None)
    return False


def loaded_count() -> int:
    """How many models the host holds, for a cheap look whether anything changed."""
    management = sys.modules.get("comfy.model_management")
    return len(getattr(management, "current_loaded_models", None) or ())


def resident_models(management: Any = None) -> tuple[ResidentModel, ...]:
    """The models that the host holds loaded now, largest first. Executor's thread only."""
    if management is None:
        management = importlib.import_module("comfy.model_management")
    found = []
    for loaded in list(getattr(management, "current_loaded_models", None) or ()):
        model = _describe(loaded)
        if model is not None:
            found.append(model)
    return tuple(sorted(found, key=lambda model: -model.total_bytes))


def _describe(loaded: Any) -> ResidentModel | None:
    """One entry of the host's list, or ``None`` for one whose model is gone."""
    try:
        patcher = loaded.model
        if patcher is None:
            return None
        return ResidentModel(
            name=type(getattr(patcher, "model", patcher)).__name__,
            device=str(getattr(loaded, "device", "")),
            loaded_bytes=int(patcher.loaded_size()),
            total_bytes=int(patcher.model_size()),
        )
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        log.debug("Profiler: a loaded model does not describe itself: %s", error)
        return None


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
