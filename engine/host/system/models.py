"""Which models the host holds, and how long it takes to move them.

Wraps two functions of ``comfy.model_management``: whatever stands there, its own or
another pack's wrapper, is called exactly once with exactly what was given, and its
answer or error passes through. Without a listener a call costs one comparison more.
A function that another pack has put in place of ours is wrapped in its turn when a run begins.
"""

from __future__ import annotations

import functools
import importlib
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

from ...capture.recorder import Recorder
from ...clock import now
from ...model import ResidentModel
from ..executor import layers

log = logging.getLogger("holaf.profiler")

Kind = Literal["load", "offload"]


class Move(NamedTuple):
    """One move of models. ``seconds`` of host time lie between the clock times ``began_s`` and ``ended_s``,
    those of moves inside it apart; ``node_id`` is its node where the host says so."""

    kind: Kind
    seconds: float
    node_id: str | None
    began_s: float
    ended_s: float


OnMove = Callable[[Move], None]
NodeAtWork = Callable[[], "str | None"]
"""The node whose code is running on this thread or in this asynchronous task; ``None`` where unknown."""
T = TypeVar("T")

FUNCTIONS: tuple[tuple[str, Kind], ...] = (("load_models_gpu", "load"), ("free_memory", "offload"))
_ours: deque[Callable[..., Any]] = deque(maxlen=64)
"""The wrappers of ours that were put on."""


class _Listener(threading.local):
    """Times the moves of one run. Moves inside a move are taken off the outer one's time.

    A thread of its own has a copy of its own, so that moves on two threads do not mix.
    """

    nested_s = 0.0
    failed = False

    def __init__(self, on_move: OnMove, node_at_work: NodeAtWork, thread: int) -> None:
        self.on_move = on_move
        self.node_at_work = node_at_work
        self.executor_thread = thread

    def claims(self) -> bool:
        """Whether a move that happens now, on this thread, is one of this run's."""
        if threading.get_ident() == self.executor_thread:
            return True
        try:
            return self.node_at_work() is not None
        except Exception:
            self.failed = True
            log.exception("Profiler: model times are not recorded for the rest of this run.")
            return False

    def timed(self, kind: Kind, call: Callable[..., T], args: Any, kwargs: Any) -> T:
        outer_s, self.nested_s = self.nested_s, 0.0
        began_s = now()
        try:
            return call(*args, **kwargs)
        finally:
            ended_s = now()
            took_s = ended_s - began_s
            own_s = took_s - self.nested_s
            self.nested_s = outer_s + took_s
            self._report(kind, own_s, began_s, ended_s)

    def _report(self, kind: Kind, seconds: float, began_s: float, ended_s: float) -> None:
        if self.failed:
            return
        try:
            self.on_move(Move(kind, seconds, self.node_at_work(), began_s, ended_s))
        except Exception:
            self.failed = True
            log.exception("Profiler: model times are not recorded for the rest of this run.")


_listeners: list[_Listener] = []


def install(management: Any = None) -> tuple[str, ...]:
    """Wrap the host's functions where no wrapper of ours is called. Answers who had displaced ours.

    ``management`` stands for ``comfy.model_management``.
    """
    if management is None:
        management = importlib.import_module("comfy.model_management")
    displaced = []
    for name, kind in FUNCTIONS:
        original = getattr(management, name, None)
        if original is not None and not layers.contains(original, _ours):
            was_on = any(ours.__name__ == name for ours in _ours)
            _wrap(management, name, kind, original)
            if was_on:
                displaced.append(f"{layers.owner(original)} has replaced {name}")
    return tuple(displaced)


def listen(on_move: OnMove, node_at_work: NodeAtWork = lambda: None) -> Callable[[], None]:
    """Call ``on_move`` for every move from now on, until the function that this answers is called.

    A move counts on the calling thread, and on any other that works for a node.
    """
    listener = _Listener(on_move, node_at_work, threading.get_ident())
    _listeners.append(listener)

    def stop() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return stop


def _wrap(management: Any, name: str, kind: Kind, original: Callable[..., Any]) -> None:

    @functools.wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        for listener in tuple(_listeners):
            if listener.claims():
                return listener.timed(kind, original, args, kwargs)
        return original(*args, **kwargs)

    timed.__name__ = name
    setattr(management, name, timed)
    _ours.append(timed)


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

    def __init__(
        self, recorder: Recorder, node_at_work: NodeAtWork, warn: Callable[[str], None] = log.warning
    ) -> None:
        """``warn`` puts a notice on the run."""
        self._recorder = recorder
        self._warn = warn
        self._stop: Callable[[], None] | None = None
        self._management: Any = None
        self._load: Any = None
        self._free: Any = None
        self._is_known = True
        self._is_usual = False
        self._node_at_work = node_at_work
        self._resident: tuple[ResidentModel, ...] = ()
        self._count = -1

    def start(self) -> None:
        """Listen to the host's model moves."""
        for why in install():
            self._warn(f"Model loading times are those of a new function: {why}.")
        self._management = sys.modules.get("comfy.model_management")
        self._note_functions()
        self._is_known = self._load is not None and self._free is not None
        self._is_usual = self._is_known and hasattr(self._management, "current_loaded_models")
        if not self._is_known:
            self._warn("Model loading times are not available: this ComfyUI moves its models in another way.")
        self._stop = listen(self._moved, self._node_at_work)

    def stop(self) -> None:
        """Listen no more."""
        if self._stop is not None:
            self._stop()

    def node_ended(self, node_id: str) -> None:
        """Note which models are loaded now."""
        # Asked after each node, so the usual case is a few look-ups without a call.
        host = self._management
        if (
            self._is_usual
            and host.load_models_gpu is self._load
            and host.free_memory is self._free
            and len(host.current_loaded_models) == self._count
        ):
            if self._resident:
                self._recorder.resident(node_id, self._resident)
            return
        self._look_again(node_id)

    def _look_again(self, node_id: str) -> None:
        load, free = self._load, self._free
        self._note_functions()
        if (load, free) != (self._load, self._free):
            # Which of the node's moves came past the new function, nobody can tell.
            for why in install():
                self._recorder.loading_unknown(node_id)
                self._warn(f"The loading time of node {node_id} is n/a, since meanwhile {why}.")
            self._note_functions()
        if not self._is_known:
            self._recorder.loading_unknown(node_id)
        count = loaded_count()
        if count != self._count:
            self._count = count
            self._resident = resident_models()
        if self._resident:
            self._recorder.resident(node_id, self._resident)

    def _note_functions(self) -> None:
        """What stands at the host's functions now."""
        self._load = getattr(self._management, "load_models_gpu", None)
        self._free = getattr(self._management, "free_memory", None)

    def _moved(self, move: Move) -> None:
        self._recorder.loading(
            move.seconds,
            unload=move.kind == "offload",
            node_id=move.node_id,
            span=(move.began_s, move.ended_s),
        )
        # Sizes change with every move, even where no model comes or goes.
        self._count = -1
