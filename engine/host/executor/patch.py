"""Puts the hooks on ComfyUI's executor, all of them or none, and sees to it that they stay there.

Other packs wrap, replace and restore the same functions, before us and after us. Whatever stands there is
never taken off; a hook that is no longer called gets put on again, over what is there.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from . import hooks, layers

log = logging.getLogger("holaf.profiler")

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Place(NamedTuple):
    """One function of the host that carries a hook."""

    holder: Any
    name: str
    wrap: Wrap

    @property
    def function(self) -> Any:
        return getattr(self.holder, self.name)


_places: tuple[_Place, ...] = ()
_ours: deque[tuple[str, Any, Callable[..., Any]]] = deque(maxlen=64)
"""The wrappers of ours that were put on: the function's name, what each wraps, and itself."""
_seen: dict[str, tuple[Any, bool]] = {}
"""By function name: what stood there at the last look, and whether ours is called from it."""
_lock = threading.Lock()
_failure: str | None = "The profiler has not been set up."
_logged: set[str] = set()
_notices: deque[str] = deque(maxlen=16)


def install(begin: hooks.BeginRun) -> None:
    """Wrap the host's executor. ``begin`` answers the run to profile, or ``None``.

    Raises what keeps one of the hooks from being put on, with none of them on.
    """
    global _failure, _places
    import execution

    places = (
        _Place(execution.PromptExecutor, "execute_async", lambda f: hooks.wrap_execute_async(f, begin)),
        _Place(execution, "execute", hooks.wrap_execute),
    )
    done: list[tuple[_Place, Any]] = []
    try:
        for place in places:
            original = place.function
            _put_on(place, original)
            done.append((place, original))
    except Exception as error:
        _failure = f"The profiler does not fit this ComfyUI: {type(error).__name__}: {error}."
        for place, original in reversed(done):
            setattr(place.holder, place.name, original)
        raise
    _places, _failure = places, None


def failure() -> str | None:
    """Why no hook is on, in a sentence; ``None`` where they are."""
    return _failure


def put_back() -> None:
    """Put on again each hook that is no longer called. Any thread."""
    for place in _places:
        _put_back(place)


def take_notices() -> tuple[str, ...]:
    """A sentence for each hook that was put on again since the last call."""
    taken = tuple(dict.fromkeys(_notices))
    _notices.clear()
    return taken


def displaced_by(name: str = "execute") -> str | None:
    """Who has taken a function over without calling our hook; ``None`` where the hook is in place."""
    for place in _places:
        if place.name == name and not _is_in_place(place, place.function):
            return layers.owner(place.function)
    return None


def outermost(name: str = "execute") -> str | None:
    """Who wraps a function from outside our hook; ``None`` where nobody does."""
    for place in _places:
        if place.name == name and not any(place.function is ours for ours in _wrappers(name)):
            return layers.owner(place.function)
    return None


def log_once(message: str) -> None:
    """Say a thing about other packs one time in the life of this process."""
    if message not in _logged:
        _logged.add(message)
        log.warning("Workflow Profiler: %s", message)


def _put_back(place: _Place) -> None:
    with _lock:
        function = place.function
        if _is_in_place(place, function):
            return
        _put_on(place, function)
    notice = (
        f"The profiler's hook was taken off {place.name} by {layers.owner(function)} and put on again. "
        "If times look wrong, try without that pack."
    )
    log_once(notice)
    _notices.append(notice)


def _put_on(place: _Place, original: Any) -> None:
    wrapper = next((ours for name, wrapped, ours in _ours if (name, wrapped) == (place.name, original)), None)
    if wrapper is None:
        wrapper = place.wrap(original)
        _ours.append((place.name, original, wrapper))
    setattr(place.holder, place.name, wrapper)
    _seen[place.name] = (wrapper, True)


def _wrappers(name: str) -> list[Callable[..., Any]]:
    return [wrapper for place, _, wrapper in _ours if place == name]


def _is_in_place(place: _Place, function: Any) -> bool:
    known = _seen.get(place.name)
    if known is not None and known[0] is function:
        return known[1]
    found = layers.contains(function, _wrappers(place.name))
    _seen[place.name] = (function, found)
    return found
