"""The hooks on a look-alike of the host's module: all or none, and put on again when they were taken off."""

from __future__ import annotations

import importlib
import logging
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from engine.host.executor import patch as patch_module


async def host_execute(server, dynprompt, caches, current_item, execution_list):  # type: ignore[no-untyped-def]
    return current_item


async def host_execute_async(self, prompt, prompt_id, extra_data=None):  # type: ignore[no-untyped-def]
    return await execution().execute(0, 0, 0, "1", 0)


def execution() -> Any:
    return sys.modules["execution"]


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """The module as ComfyUI's start finds it, with a host of its own."""
    host = types.ModuleType("execution")
    host.PromptExecutor = type("PromptExecutor", (), {"execute_async": host_execute_async})  # type: ignore[attr-defined]
    host.execute = host_execute  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "execution", host)
    yield importlib.reload(patch_module)
    importlib.reload(patch_module)


def test_both_hooks_are_on_or_none(patch: Any) -> None:
    del execution().execute
    with pytest.raises(AttributeError):
        patch.install(lambda call: None)
    assert execution().PromptExecutor.execute_async is host_execute_async
    assert "AttributeError" in patch.failure()
    execution().execute = host_execute
    patch.install(lambda call: None)
    assert patch.failure() is None
    assert execution().PromptExecutor.execute_async.__wrapped__ is host_execute_async
    assert execution().execute.__wrapped__ is host_execute


def test_hooks_that_are_in_place_are_left_alone(patch: Any) -> None:
    patch.install(lambda call: None)
    inner = execution().execute

    async def execute(*args: Any) -> Any:
        return await inner(*args)

    for standing in (inner, execute):
        execution().execute = standing
        patch.put_back()
        assert execution().execute is standing
        assert patch.take_notices() == ()
        assert patch.displaced_by() is None
    assert patch.outermost() == "test_patch.py"


@pytest.mark.parametrize("name", ["execute", "execute_async"])
def test_a_hook_that_is_no_longer_called_is_put_on_again(
    patch: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    patch.install(lambda call: None)
    holder = execution() if name == "execute" else execution().PromptExecutor
    ours = getattr(holder, name)
    names: dict[str, Any] = {}
    exec(compile("async def taken(*args): ...", "/x/custom_nodes/rough/patch.py", "exec"), names)
    with caplog.at_level(logging.WARNING, logger="holaf.profiler"):
        for _ in range(3):
            setattr(holder, name, names["taken"])
            assert patch.displaced_by(name) == "the custom node pack rough"
            patch.put_back()
            assert getattr(holder, name).__wrapped__ is names["taken"]
            assert patch.displaced_by(name) is None
    (notice,) = patch.take_notices()
    assert notice.startswith(f"The profiler's hook was taken off {name} by the custom node pack rough and ")
    assert len(caplog.records) == 1
    # Restoring what stood there before us gives the first hook back, so that none pile up.
    setattr(holder, name, ours.__wrapped__)
    patch.put_back()
    assert getattr(holder, name) is ours
