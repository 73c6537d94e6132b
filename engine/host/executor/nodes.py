"""What the host knows about nodes and how their calls ended. Reads, never changes."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from comfy_execution.graph_utils import GraphBuilder

from ...capture.recorder import Outcome
from ...workflow.redaction import is_link
from ...workflow.secrets import hide_in_text
from .binding import NodeCall

MESSAGE_LENGTH_MAX = 2000
CALLS_MAX = 20
TRACEBACK_LENGTH_MAX = 8000

_CACHED = Outcome(status="cached")
_ONE_CALL = Outcome(list_count=1)
_BLOCKED = Outcome(status="skipped")


def display_name(node_type: str) -> str:
    """The name a node class has in ComfyUI's menus, or its class name."""
    import nodes

    names: Mapping[str, str] = nodes.NODE_DISPLAY_NAME_MAPPINGS
    return names.get(node_type) or node_type


def is_async(node_type: str) -> bool:
    """Whether a node's own code is asynchronous, so that others may run while it waits."""
    import nodes

    node_class = nodes.NODE_CLASS_MAPPINGS.get(node_type)
    return inspect.iscoroutinefunction(getattr(node_class, str(getattr(node_class, "FUNCTION", "")), None))


def output_node_ids(prompt: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The ids of the prompt's output nodes: those that ComfyUI starts from."""
    import nodes

    classes = nodes.NODE_CLASS_MAPPINGS
    return frozenset(
        node_id
        for node_id, node in prompt.items()
        if getattr(classes.get(node.get("class_type")), "OUTPUT_NODE", False)
    )


def is_interrupt(error: BaseException | None) -> bool:
    """True when ``error`` is what ComfyUI raises on Cancel."""
    import comfy.model_management as management

    return isinstance(error, management.InterruptProcessingException)


def raise_if_interrupted() -> None:
    """Raise ComfyUI's own interrupt exception if the user pressed Cancel."""
    import comfy.model_management as management

    management.throw_exception_if_processing_interrupted()


def node_at_work(prompt_id: str) -> str | None:
    """The node of ``prompt_id`` whose code runs in this thread or asynchronous task, as the host says."""
    try:
        from comfy_execution.utils import get_executing_context
    except ImportError:  # older than this context
        return None
    context = get_executing_context()
    return context.node_id if context is not None and context.prompt_id == prompt_id else None


def outcome(call: NodeCall, result: Any, *, is_alone: bool = True) -> Outcome:
    """What ``execution.execute``'s answer says about the node.

    ``is_alone``: no other prompt is being executed, to which the numbers of calls may belong.
    """
    state = result[0]._name_  # what its ``name`` is, without the Python code of Enum.name
    if state == "SUCCESS":
        if isinstance(call.executed, (set, frozenset)) and call.node_id not in call.executed:
            return _CACHED
        count = _list_count(call.node_id)
        if count == 1:
            return _ONE_CALL
        return _BLOCKED if count is None and is_alone and _was_blocked(call) else Outcome(list_count=count)
    if state == "PENDING":
        return Outcome(waiting=_waiting_for(call), list_count=_list_count(call.node_id))
    return failure(result[2] if len(result) > 2 else None)


def _message(error: BaseException | None) -> str:
    """What an error says, without the keys and logins that such texts like to quote."""
    # Looked through before it is cut: half a key is a secret too.
    return hide_in_text(str(error)[: 4 * MESSAGE_LENGTH_MAX])[:MESSAGE_LENGTH_MAX]


def failure(error: BaseException | None) -> Outcome:
    """The outcome of a node that ended with ``error``."""
    if is_interrupt(error):
        return Outcome(status="interrupted")
    name = type(error).__name__ if error is not None else "Error"
    return Outcome(
        status="error", error_type=name, error_message=_message(error), error_traceback=_traceback(error)
    )


def _traceback(error: BaseException | None) -> str | None:
    """The innermost calls that led to an error, as Python writes them; ``None`` without any."""
    calls = traceback.format_tb(error.__traceback__, -CALLS_MAX) if error is not None else []
    return hide_in_text("".join(calls)[-TRACEBACK_LENGTH_MAX:]).rstrip() or None


def cached_ids(status_messages: Iterable[Any]) -> tuple[str, ...]:
    """The nodes that the host said it would not run again (its ``execution_cached`` message)."""
    for message in status_messages:
        if message[0] == "execution_cached":
            return tuple(message[1].get("nodes", ()))
    return ()


def _waiting_for(call: NodeCall) -> Any:
    if call.pending_async is not None and call.node_id in call.pending_async:
        return "async"
    if call.pending_subgraph is not None and call.node_id in call.pending_subgraph:
        return "expand"
    return "lazy"


def _was_blocked(call: NodeCall) -> bool:
    """Whether a blocker came in through a wire, so that the host never called the node.

    Only asked for a node that no call number is known of. A node with a wired input is
    numbered whenever it is called; one that comes back from waiting was called before.
    """
    if not hasattr(GraphBuilder, "_default_prefix_root"):
        return False
    inputs = call.dynprompt.get_node(call.node_id).get("inputs", {})
    return any(is_link(value) for value in inputs.values())


def _list_count(node_id: str) -> int | None:
    """How often the node was called for one ``execute``: once per item of a list.

    ComfyUI numbers the calls for its graph builder; the number of the last one stays readable.
    """
    if getattr(GraphBuilder, "_default_prefix_root", None) != node_id:
        return None
    index = getattr(GraphBuilder, "_default_prefix_call_index", None)
    return index + 1 if isinstance(index, int) else None


def when_tasks_end(tasks: Iterable[Any], call: Callable[[], None]) -> None:
    """Call ``call`` once, on the event loop, when the last of a node's asynchronous tasks is done."""
    waiting = [task for task in tasks if isinstance(task, asyncio.Future) and not task.done()]
    left = len(waiting)

    def one_done(_task: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            call()

    for task in waiting:
        task.add_done_callback(one_done)
