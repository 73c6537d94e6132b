"""Finding what we need among the arguments of the host's functions, whatever their order or number.

ComfyUI's ``execute`` has grown from 9 to 12 positional parameters. So nothing
here counts: arguments are found by parameter name, and where another pack has
put an anonymous ``*args, **kwargs`` wrapper in between, by what they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple


class BindingError(Exception):
    """The host's function has no argument that we know how to use."""


class NodeCall(NamedTuple):
    """The arguments of one ``execution.execute`` call that matter here."""

    node_id: str
    dynprompt: Any
    execution_list: Any
    executed: Any
    pending_async: Any
    pending_subgraph: Any


class PromptCall(NamedTuple):
    """The arguments of one ``PromptExecutor.execute_async`` call that matter here."""

    executor: Any
    prompt: Mapping[str, Any]
    prompt_id: str
    extra_data: Any
    execute_outputs: Sequence[str]


_NODE_CALL_NAMES = (
    "current_item",
    "dynprompt",
    "execution_list",
    "executed",
    "pending_async_nodes",
    "pending_subgraph_results",
)


class Binder:
    """Looks up arguments of one function by parameter name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        self._defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._index = {p.name: i for i, p in enumerate(parameters) if p.kind in positional}

    def knows(self, *names: str) -> bool:
        """True when the function names all these parameters."""
        return all(name in self._index for name in names)

    def index(self, name: str) -> int | None:
        """The position of a parameter, or ``None`` where there is no such one."""
        return self._index.get(name)

    def get(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The argument called ``name``, or ``None`` where it was not passed."""
        index = self._index.get(name)
        if index is not None and index < len(args):
            return args[index]
        return kwargs.get(name, self._defaults.get(name))


class ExecuteBinder:
    """Binds the calls of ``execution.execute``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        binder = Binder(function)
        self._binder = binder if binder.knows("current_item", "dynprompt", "execution_list") else None
        # The host passes everything by position; this answers that case once per node, fast.
        positions = [binder.index(name) for name in _NODE_CALL_NAMES]
        known = [position for position in positions if position is not None]
        self._last_index = max(known, default=0)
        self._pick = itemgetter(*known) if len(known) == len(positions) else None

    def __call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeCall:
        """The call's arguments. Raises :class:`BindingError` if they cannot be told apart."""
        if self._pick is not None and len(args) > self._last_index:
            return NodeCall(*self._pick(args))
        if self._binder is None:
            return _node_call_by_shape(args, kwargs)
        return NodeCall(*(self._binder.get(name, args, kwargs) for name in _NODE_CALL_NAMES))


class PromptBinder:
    """Binds the calls of ``PromptExecutor.execute_async``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        binder = Binder(function)
        self._binder = binder if binder.knows("self", "prompt", "prompt_id") else None

    def __call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> PromptCall:
        """The call's arguments. Raises :class:`BindingError` if they cannot be told apart."""
        if self._binder is None:
            return _prompt_call_by_shape(args, kwargs)
        get = self._binder.get
        return PromptCall(
            get("self", args, kwargs),
            get("prompt", args, kwargs),
            get("prompt_id", args, kwargs),
            get("extra_data", args, kwargs) or {},
            get("execute_outputs", args, kwargs) or (),
        )


def _node_call_by_shape(args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeCall:
    values = [*args, *kwargs.values()]
    dynprompt = next((v for v in values if hasattr(v, "get_display_node_id")), None)
    execution_list = next((v for v in values if hasattr(v, "pendingNodes")), None)
    if dynprompt is None:
        raise BindingError("no argument of execution.execute looks like the prompt's graph")
    node_id = next((v for v in values if isinstance(v, str) and dynprompt.has_node(v)), None)
    if node_id is None:
        raise BindingError("no argument of execution.execute names a node of the prompt")
    executed = next((v for v in values if isinstance(v, set)), None)
    return NodeCall(node_id, dynprompt, execution_list, executed, None, None)


def _prompt_call_by_shape(args: Sequence[Any], kwargs: Mapping[str, Any]) -> PromptCall:
    values = [*args, *kwargs.values()]
    executor = next((v for v in values if hasattr(v, "caches") and hasattr(v, "server")), None)
    mappings = [v for v in values if isinstance(v, Mapping)]
    prompt = next(
        (m for m in mappings if m and all(isinstance(n, Mapping) and "class_type" in n for n in m.values())),
        None,
    )
    prompt_id = next((v for v in values if isinstance(v, str)), None)
    if executor is None or prompt is None or prompt_id is None:
        raise BindingError("the arguments of PromptExecutor.execute_async are not the ones this pack knows")
    extra_data = next((m for m in mappings if m is not prompt), {})
    outputs = next((v for v in values if isinstance(v, list)), [])
    return PromptCall(executor, prompt, prompt_id, extra_data, outputs)
