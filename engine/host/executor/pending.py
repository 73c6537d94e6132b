"""What the host has still to run, read from its own list. Reads, never changes.

The list is an argument of every ``execution.execute`` call. Where those calls do not come past our
hook, it is found among the local variables of the prompt's coroutine.
"""

from __future__ import annotations

import sys
from collections.abc import Container
from types import FrameType
from typing import Any, Literal

Left = Literal["others", "reports", "stuck", "unknown"]
"""What a prompt has left: ``others`` than reports and what stands behind them; only ``reports``; nodes that
are ``stuck``, because each waits for another or for a report; ``unknown`` where the host does not show it."""

_AWAITS_MAX = 64


def find_list(coroutine: Any) -> Any:
    """The host's ``ExecutionList`` in a suspended coroutine or one that it awaits; ``None`` without one."""
    for _ in range(_AWAITS_MAX):
        frame = getattr(coroutine, "cr_frame", None)
        found = None if frame is None else _list_in(frame)
        if found is not None:
            return found
        coroutine = getattr(coroutine, "cr_await", None)
        if coroutine is None:
            return None
    return None


def find_list_on_stack() -> Any:
    """The same for the coroutine that is running now, asked from inside a node's call."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_AWAITS_MAX):
        if frame is None:
            return None
        found = _list_in(frame)
        if found is not None:
            return found
        frame = frame.f_back
    return None


def only_these(execution_list: Any, these: Container[str], finished_id: str | None = None) -> bool:
    """Whether no node is left but ``these`` and nodes made by them.

    ``finished_id`` is the node that just ended, which the host still lists. Raises ``AttributeError``
    where the host's list is not the one that this pack knows.
    """
    graph = execution_list.dynprompt
    for node_id in execution_list.pendingNodes:
        if node_id == finished_id or node_id in these:
            continue
        if graph.get_real_node_id(node_id) not in these:
            return False
    return True


def left(execution_list: Any, last_ids: Container[str], waiting: int) -> Left:
    """What is left while the event loop is free. ``waiting``: how many reports wait now."""
    try:
        if only_these(execution_list, last_ids):
            return "reports"
        return "stuck" if _is_stuck(execution_list, waiting) else "others"
    except AttributeError:
        return "unknown"


def ended_ids(execution_list: Any) -> frozenset[str] | None:
    """The nodes that the host took on and is done with; ``None`` where its list does not show them."""
    try:
        # Copies: the executor's thread may be changing both.
        return frozenset(list(execution_list.blockCount)) - frozenset(list(execution_list.pendingNodes))
    except (AttributeError, TypeError):
        return None


def _list_in(frame: FrameType) -> Any:
    local = frame.f_locals
    for value in (local.get("execution_list"), *local.values()):
        if "pendingNodes" in getattr(value, "__dict__", ()):
            return value
    return None


def _is_stuck(execution_list: Any, waiting: int) -> bool:
    """Whether nothing can ever move before the reports do.

    No node is being executed, none is ready, and the reports' are the only unfinished tasks.
    """
    if execution_list.staged_node_id is not None or execution_list.externalBlocks > waiting:
        return False
    blocks = execution_list.blockCount
    return all(blocks[node_id] > 0 for node_id in list(execution_list.pendingNodes))
