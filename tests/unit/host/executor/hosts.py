"""Look-alikes of every ``execute`` that ComfyUI has had, of other packs, and a run that takes notes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from engine.host.executor.binding import NodeCall

PROMPT = {"3": {"class_type": "KSampler", "inputs": {}}}


class Graph:
    """Stands where the host passes its DynamicPrompt."""

    def has_node(self, node_id: str) -> bool:
        return node_id in PROMPT

    def get_display_node_id(self, node_id: str) -> str:
        return node_id


class Pending:
    pendingNodes: dict[str, bool] = {"3": True}  # noqa: N815, RUF012 - the host's name


class Run:
    """A profiled run that only takes notes; ``fail`` names a hook that raises."""

    def __init__(self, fail: str = "") -> None:
        self.is_off = False
        self.fail = fail
        self.notes: list[tuple[str, Any]] = []

    def _note(self, name: str, what: Any) -> None:
        self.notes.append((name, what))
        if name == self.fail:
            raise ValueError("a bug in the profiler")

    def is_about(self, prompt: Any, executor: Any = None) -> bool:
        return prompt is PROMPT

    def runs_in(self, coroutine: Any) -> None:
        self.coroutine = coroutine

    def other_prompt_began(self) -> None:
        self._note("other prompt", None)

    def enter_node(self, call: NodeCall) -> bool:
        self._note("enter", call)
        return True

    def leave_node(self, call: NodeCall, result: Any) -> None:
        self._note("leave", result)

    def node_raised(self, call: NodeCall, error: BaseException) -> None:
        self._note("raised", error)

    def boundaries_unknown(self, why: str) -> None:
        self._note("unknown", why)

    def end_run(self, failure: BaseException | None) -> None:
        self._note("end", failure)

    def switch_off(self, error: BaseException) -> None:
        self.is_off = True
        self.notes.append(("off", error))


async def execute_9(server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list, pending_subgraph_results):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    return ("ok", current_item, prompt_id)


async def execute_12(server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list, pending_subgraph_results, pending_async_nodes, ui_outputs, asset_manager):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    return ("ok", current_item, prompt_id)


async def execute_reordered(prompt_id, current_item, execution_list, *, server, executed, dynprompt, brand_new=1):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    return ("ok", current_item, prompt_id)


ARGS_9 = ("server", Graph(), {}, "3", {}, set(), "prompt-1", Pending(), {})


def anonymous_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await original(*args, **kwargs)

    return wrapper


def polite_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    return functools.wraps(original)(anonymous_wrapper(original))


def hidden_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    kept = {"function": original}

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await kept["function"](*args, **kwargs)

    return wrapper


def renaming_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    kept = {"function": original}

    async def wrapper(a, graph, c, node, e, done, number, todo, parts, tasks, more, last):  # type: ignore[no-untyped-def]  # fmt: skip
        return await kept["function"](a, graph, c, node, e, done, number, todo, parts, tasks, more, last)

    return wrapper
