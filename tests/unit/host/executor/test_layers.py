"""Finding what lies below a function that other packs have wrapped, and whose it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from engine.host.executor import layers


async def innermost(server, dynprompt, current_item):  # type: ignore[no-untyped-def]
    return current_item


def closed_over(original: Callable[..., Any]) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await original(*args, **kwargs)

    return wrapper


def polite(original: Callable[..., Any]) -> Any:
    return functools.wraps(original)(closed_over(lambda: None))


def bound(original: Callable[..., Any]) -> Any:
    class Pack:
        def __init__(self) -> None:
            self.original = original

        async def execute(self, *args: Any, **kwargs: Any) -> Any:
            return await self.original(*args, **kwargs)

    return Pack().execute


def callable_object(original: Callable[..., Any]) -> Any:
    class Pack:
        def __init__(self) -> None:
            self.original = original

        async def __call__(self, *args: Any) -> Any:
            return await self.original(*args)

    return Pack()


def partial(original: Callable[..., Any]) -> Any:
    async def with_extra(inner: Any, *args: Any) -> Any:
        return await inner(*args)

    return functools.partial(with_extra, original)


def in_a_global(original: Callable[..., Any]) -> Any:
    names: dict[str, Any] = {"saved": original}
    exec("async def execute(*args):\n    return await saved(*args)\n", names)
    return names["execute"]


WAYS = [closed_over, polite, bound, callable_object, partial, in_a_global]


@pytest.mark.parametrize("wrap", WAYS)
def test_the_original_is_found_below_every_kind_of_wrapper(wrap: Any) -> None:
    assert layers.contains(wrap(innermost), [innermost])
    assert layers.contains(wrap(wrap(closed_over(innermost))), [innermost])
    assert not layers.contains(wrap(closed_over(lambda: None)), [innermost])


def test_functions_that_hold_each_other_are_looked_at_once() -> None:
    async def first() -> Any:
        return await second()

    async def second() -> Any:
        return await first()

    found = list(layers.below(first))
    assert found.count(first) == found.count(second) == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/ComfyUI/custom_nodes/some-pack/patches.py", "the custom node pack some-pack"),
        ("C:\\ComfyUI\\custom_nodes\\some-pack\\a\\b.py", "the custom node pack some-pack"),
        ("/srv/ComfyUI/execution.py", "ComfyUI itself"),
        ("/usr/lib/python3/sitecustomize.py", "sitecustomize.py"),
    ],
)
def test_the_owner_is_named_for_people(path: str, expected: str) -> None:
    names: dict[str, Any] = {}
    exec(compile("async def execute(*args): ...", path, "exec"), names)
    assert layers.owner(names["execute"]) == expected
    assert layers.owner(functools.partial(names["execute"])) == expected


def test_an_owner_without_code_is_somebody_else() -> None:
    assert layers.owner(len) == "another custom node pack"
