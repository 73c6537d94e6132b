"""What a prompt has left, read from look-alikes of the host's list."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.host.executor import pending


class Graph:
    """The host's graph; nodes made by others have a dot in their id."""

    def get_real_node_id(self, node_id: str) -> str:
        return node_id.split(".")[0]


class Todo:
    """The host's list: node -> by how many others it is blocked."""

    def __init__(self, blocked: dict[str, int], external: int = 0, staged: str | None = None) -> None:
        self.dynprompt = Graph()
        self.pendingNodes = dict.fromkeys(blocked, True)
        self.blockCount = dict(blocked)
        self.externalBlocks = external
        self.staged_node_id = staged


LAST = frozenset({"report", "preview"})


def test_only_reports_and_what_stands_behind_them() -> None:
    assert pending.left(Todo({"report": 1, "preview": 1, "preview.0.1": 1}, 1), LAST, 1) == "reports"
    assert pending.left(Todo({}), LAST, 0) == "reports"


def test_others_that_can_go_on_are_waited_for() -> None:
    ready = Todo({"report": 1, "1": 0}, external=1)
    at_work = Todo({"report": 1, "1": 1}, external=1, staged="1")
    other_task = Todo({"report": 1, "1": 1, "2": 1}, external=2)
    for todo in (ready, at_work, other_task):
        assert pending.left(todo, LAST, 1) == "others"


def test_nodes_that_nothing_can_free_are_stuck() -> None:
    assert pending.left(Todo({"report": 1, "1.0.1": 1, "1.0.2": 1}, external=1), LAST, 1) == "stuck"
    assert (
        pending.left(Todo({"report": 1, "other": 1, "1": 1}, external=2), {"report", "other"}, 2) == "stuck"
    )


def test_a_list_of_another_make_is_unknown() -> None:
    assert pending.left(object(), LAST, 1) == "unknown"
    assert pending.left(None, LAST, 1) == "unknown"
    assert pending.ended_ids(None) is None


def test_ended_nodes_are_those_taken_on_and_no_longer_pending() -> None:
    todo = Todo({"1": 0, "2": 0, "report": 1})
    del todo.pendingNodes["1"]
    assert pending.ended_ids(todo) == {"1"}


def test_the_list_is_found_in_a_prompt_that_nobody_hooked() -> None:
    found: list[Any] = []

    async def host(todo: Todo) -> None:
        execution_list = todo  # noqa: F841 - the local variable is what is looked for
        found.append(pending.find_list_on_stack())
        await asyncio.sleep(0)

    async def between(todo: Todo) -> None:
        await host(todo)

    async def main() -> Todo:
        todo = Todo({})
        coroutine = between(todo)
        task = asyncio.ensure_future(coroutine)
        await asyncio.sleep(0)
        found.append(pending.find_list(coroutine))
        await task
        found.append(pending.find_list(coroutine))
        return todo

    todo = asyncio.run(main())
    assert found == [todo, todo, None]
    assert pending.find_list(None) is None
