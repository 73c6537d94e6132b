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

log = logging.getLogger("holaf.profiler")

Kind = Literal["load", "offload"]
OnLoad = Callable[[Kind, float, "str | None"], None]
"""Called after each move with its kind, its seconds of host time and, where the host says so, its node."""
NodeAtWork = Callable[[], "str | None"]
"""The node whose code is running on this thread or in this asynchronous task; ``None`` where unknown."""
T = TypeVar("T")

_MARK = "_holaf_profiler_timed"


class _Listener(threading.local):
    """Times the moves of one run. Moves inside a move are taken off the outer one's time.

    A thread of its own has a copy of its own, so that moves on two threads do not mix.
    """

    nested_s = 0.0
    failed = False

    def __init__(self, on_load: OnLoad, node_at_work: NodeAtWork, thread: int) -> None:
        self.on_load = on_load
        self.node_at_work = node_at_work
        self.executor_thread = thread

    def timed(self, kind: Kind, call: Callable[..., T], args: Any, kwargs: Any) -> T:
        outer_s, self.nested_s = self.nested_s, 0.0
        began_s = now()
        try:
            return call(*args, **kwargs)
        finally:
            took_s = now() - began_s
            own_s = took_s - self.nested_s
            self.nested_s = outer_s + took_s
            self._report(kind, own_s)

    def _report(self, kind: Kind, seconds: float) -> None:
        if self.failed:
            return
        try:
            node_id = self.node_at_work()
            if node_id is not None or threading.get_ident() == self.executor_thread:
                self.on_load(kind, seconds, node_id)
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


def listen(on_load: OnLoad | None, node_at_work: NodeAtWork = lambda: None) -> None:
    """Call ``on_load`` for every move from now on; ``None`` ends it.

    A move counts on the calling thread, and on any other that works for a node.
    """
    global _listener
    _listener = None if on_load is None else _Listener(on_load, node_at_work, threading.get_ident())


def _wrap(management: Any, name: str, kind: Kind) -> None:
    original = getattr(management, name, None)
    if original is None or _is_wrapped(original):
        return

    @functools.wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        listener = _listener
        if listener is None:
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
    """One run's watch. Executor's thread only, but for moves that a node makes on a thread of its own."""

    def __init__(self, recorder: Recorder, node_at_work: NodeAtWork) -> None:
        self._recorder = recorder
        self._node_at_work = node_at_work
        self._resident: tuple[ResidentModel, ...] = ()
        self._count = -1

    def start(self) -> None:
        """Listen to the host's model moves."""
        listen(self._moved, self._node_at_work)

    def stop(self) -> None:
        """Listen no more."""
        listen(None)

    def node_ended(self, node_id: str) -> None:
        """Note which models are loaded now."""
        count = loaded_count()
        if count != self._count:
            self._count = count
            self._resident = resident_models()
        if self._resident:
            self._recorder.resident(node_id, self._resident)

    def _moved(self, kind: Kind, seconds: float, node_id: str | None) -> None:
        self._recorder.loading(seconds, unload=kind == "offload", node_id=node_id)
        # Sizes change with every move, even where no model comes or goes.
        self._count = -1
