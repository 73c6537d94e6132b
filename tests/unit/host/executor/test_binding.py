"""Which argument is which, in every shape of ``execute`` and below other packs' wrappers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.host.executor.hooks import wrap_execute
from tests.unit.host.executor.hosts import (
    ARGS_9,
    Graph,
    Pending,
    Run,
    anonymous_wrapper,
    execute_9,
    execute_12,
    execute_reordered,
    hidden_wrapper,
    polite_wrapper,
    renaming_wrapper,
)


@pytest.mark.parametrize(
    ("host", "args", "kwargs"),
    [
        (execute_9, ARGS_9, {}),
        (execute_12, (*ARGS_9, {"3": ["task"]}, {}, object()), {}),
        (execute_12, ARGS_9, {"pending_async_nodes": {}, "ui_outputs": {}, "asset_manager": None}),
        (
            execute_reordered,
            ("prompt-1", "3", Pending()),
            {"server": 0, "executed": set(), "dynprompt": Graph()},
        ),
    ],
)
def test_every_shape_of_execute_is_bound_by_name(active: Run, host: Any, args: Any, kwargs: Any) -> None:
    result = asyncio.run(wrap_execute(host)(*args, **kwargs))
    assert result == ("ok", "3", "prompt-1")
    (enter, call), (leave, seen) = active.notes
    assert (enter, leave, seen) == ("enter", "leave", result)
    assert call.node_id == "3"
    assert isinstance(call.dynprompt, Graph)
    assert isinstance(call.execution_list, Pending)


def test_arguments_that_mean_nothing_are_reported_and_passed_on(active: Run) -> None:
    async def execute(*args: Any) -> Any:
        return args

    assert asyncio.run(wrap_execute(execute)(1, 2, 3)) == (1, 2, 3)
    assert [name for name, _ in active.notes] == ["unknown"]


@pytest.mark.parametrize("other", [anonymous_wrapper, polite_wrapper, hidden_wrapper, renaming_wrapper])
def test_what_a_node_waits_for_is_known_below_any_wrapper(active: Run, other: Any) -> None:
    async def main() -> None:
        tasks = {"3": [asyncio.ensure_future(asyncio.sleep(0))]}
        parts = {"4": [(True, (["3", 0],))]}
        await wrap_execute(other(execute_12))(*ARGS_9[:8], parts, tasks, {}, None)

    asyncio.run(main())
    call = active.notes[0][1]
    assert "3" in call.pending_async
    assert "4" not in call.pending_async
    assert len(call.pending_async.get("3", ())) == 1
    assert "4" in call.pending_subgraph
    assert "3" not in call.pending_subgraph


@pytest.mark.parametrize("other", [anonymous_wrapper, polite_wrapper])
def test_the_signature_below_a_wrapper_says_which_argument_is_which(active: Run, other: Any) -> None:
    """A host that keeps more lists of tasks by node would have them taken for each other without it."""

    async def main() -> tuple[Any, Any]:
        history = {"3": [asyncio.ensure_future(asyncio.sleep(0))]}
        parts: dict[str, Any] = {}
        tasks: dict[str, Any] = {"3": []}
        await wrap_execute(other(execute_12))(*ARGS_9[:4], history, *ARGS_9[5:8], parts, tasks, {}, None)
        return parts, tasks

    parts, tasks = asyncio.run(main())
    call = active.notes[0][1]
    assert call.pending_subgraph is parts
    assert call.pending_async is tasks


def test_a_wrapper_that_hands_over_other_arguments_does_not_mislead(active: Run) -> None:
    async def wrapper(*args: Any) -> Any:
        return await execute_9(*args[1:])

    assert asyncio.run(wrap_execute(wrapper)("extra", *ARGS_9)) == ("ok", "3", "prompt-1")
    assert active.notes[0][1].node_id == "3"
