"""Functions that wrap functions: what lies below one, and which pack it comes from. Calls none of them.

Packs wrap the host's functions in every way there is: politely with ``__wrapped__``, anonymously
with the original in a closure or a global, as methods and as callable objects.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType
from typing import Any

UNKNOWN = "another custom node pack"
"""Whose a function is where nobody can tell."""
_VISITED_MAX = 200


def below(function: Any) -> Iterator[Any]:
    """``function``, then whatever it may be seen to call, nearest first."""
    seen: set[int] = set()
    queue = deque([function])
    while queue and len(seen) < _VISITED_MAX:
        found = queue.popleft()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        queue.extend(_next(found))


def contains(function: Any, wanted: Iterable[Any]) -> bool:
    """Whether one of ``wanted`` is ``function`` or lies below it."""
    marks = {id(item) for item in wanted}
    return any(id(layer) in marks for layer in below(function))


def owner(function: Any) -> str:
    """Whom a function belongs to, for people: a custom node pack by its folder, ComfyUI, or a file."""
    code = _code(function)
    if code is None:
        return UNKNOWN
    parts = PurePath(code.co_filename.replace("\\", "/")).parts
    folders = [parts[i + 1] for i, part in enumerate(parts[:-1]) if part == "custom_nodes"]
    if folders:
        return f"the custom node pack {folders[-1]}"
    return "ComfyUI itself" if parts and parts[-1] == "execution.py" else (parts[-1] if parts else "unknown")


def _next(function: Any) -> Iterator[Any]:
    yield getattr(function, "__wrapped__", None)
    if isinstance(function, MethodType):
        yield function.__func__
        yield from _held(function.__self__)
    elif isinstance(function, functools.partial):
        yield function.func
        yield from function.args
    elif isinstance(function, FunctionType):
        yield from _closed_over(function)
        for name in _names(function.__code__):
            found = function.__globals__.get(name)
            # A module's own functions, not the classes and modules that it uses.
            if isinstance(found, (FunctionType, MethodType)):
                yield found
    elif not isinstance(function, type) and callable(function):
        yield inspect.getattr_static(type(function), "__call__", None)
        yield from _held(function)


def _closed_over(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:  # still empty
            continue
        if callable(content):
            yield content


def _held(instance: Any) -> Iterator[Any]:
    """What an object holds that can be called; classes only make things."""
    for value in getattr(instance, "__dict__", {}).values():
        if callable(value) and not isinstance(value, type):
            yield value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from constant.co_names


def _code(function: Any) -> CodeType | None:
    """The code that runs first when ``function`` is called."""
    if isinstance(function, functools.partial):
        return _code(function.func)
    if not isinstance(function, (FunctionType, MethodType)):
        function = inspect.getattr_static(type(function), "__call__", None)
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def where(module: str, name: str) -> Callable[..., Any] | None:
    """What stands at ``module.name`` now; ``name`` may have dots. ``None`` where there is nothing."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None
