"""Finding what we need among the arguments of the host's functions, whatever their order or number.

ComfyUI's ``execute`` has grown from 9 to 12 positional parameters. So nothing
here counts: arguments are found by parameter name, below the anonymous ``*args, **kwargs``
wrappers of other packs if need be, and where no function names them, by what they are.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from .layers import below


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


_new_tuple = tuple.__new__
_NODE_CALL_NAMES = (
    "current_item",
    "dynprompt",
    "execution_list",
    "executed",
    "pending_async_nodes",
    "pending_subgraph_results",
)


class Binder:
    """Looks up arguments of one function by parameter name.

    Where the function names none of ``wanted``, as a wrapper made of ``*args, **kwargs`` does, the
    names are those of the function below it that does.
    """

    def __init__(self, function: Callable[..., Any], wanted: Sequence[str]) -> None:
        parameters: Sequence[inspect.Parameter] = ()
        for layer in below(function):
            parameters = _parameters(layer)
            if {parameter.name for parameter in parameters}.issuperset(wanted):
                break
        else:
            parameters = ()
        self.is_useful = bool(parameters)
        self._defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self._names = {p.name for p in parameters}
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._index = {p.name: i for i, p in enumerate(parameters) if p.kind in positional}

    def knows(self, name: str) -> bool:
        """True when the function has a parameter of that name."""
        return name in self._names

    def index(self, name: str) -> int | None:
        """The position of a parameter; ``None`` where there is no such one, or only as a keyword."""
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
        self._binder = Binder(function, _NODE_CALL_NAMES[:3])
        # The host passes everything by position; this answers that case once per node, fast.
        positions = [self._binder.index(name) for name in _NODE_CALL_NAMES]
        known = [position for position in positions if position is not None]
        self._last_index = max(known, default=0)
        self._pick = itemgetter(*known) if len(known) == len(positions) else None
        self._is_proven = False

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeCall:
        """The call's arguments. Raises :class:`BindingError` if they cannot be told apart."""
        if self._pick is not None and len(args) > self._last_index:
            # Made without the class's own __new__, which is a Python function: this is the hot path.
            call: NodeCall = _new_tuple(NodeCall, self._pick(args))
            if self._is_proven:
                return call
        elif self._binder.is_useful:
            call = NodeCall(*(self._binder.get(name, args, kwargs) for name in _NODE_CALL_NAMES))
        else:
            return _node_call_by_kind(args, kwargs)
        if not _is_sound(call):
            # Somebody in between hands over other arguments than he was given.
            self._pick, self._binder.is_useful = None, False
            return _node_call_by_kind(args, kwargs)
        self._is_proven = True
        if call.pending_async is None or call.pending_subgraph is None:
            values = [*args, *kwargs.values()]
            call = call._replace(
                pending_async=_Among(values, _is_task),
                pending_subgraph=_Among(values, _is_part_of_expansion),
            )
        return call


class PromptBinder:
    """Binds the calls of ``PromptExecutor.execute_async``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._binder = Binder(function, ("self", "prompt", "prompt_id"))

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> PromptCall:
        """The call's arguments. Raises :class:`BindingError` if they cannot be told apart."""
        get = self._binder.get
        prompt = get("prompt", args, kwargs)
        if not self._binder.is_useful or not _is_prompt(prompt):
            return _prompt_call_by_kind(args, kwargs)
        return PromptCall(
            get("self", args, kwargs),
            prompt,
            get("prompt_id", args, kwargs),
            get("extra_data", args, kwargs) or {},
            get("execute_outputs", args, kwargs) or (),
        )


class _Among:
    """The dictionaries among a call's arguments, asked as one for what a node waits for."""

    def __init__(self, values: Sequence[Any], is_wanted: Callable[[Any], bool]) -> None:
        self._mappings = [value for value in values if type(value) is dict]
        self._is_wanted = is_wanted

    def get(self, node_id: str, default: Any = ()) -> Any:
        for mapping in self._mappings:
            items = mapping.get(node_id)
            if isinstance(items, list) and any(map(self._is_wanted, items)):
                return items
        return default

    def __contains__(self, node_id: str) -> bool:
        return bool(self.get(node_id))


def _is_task(item: object) -> bool:
    return isinstance(item, asyncio.Future)


def _is_part_of_expansion(item: object) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], bool)


def _parameters(function: Any) -> Sequence[inspect.Parameter]:
    try:
        return list(inspect.signature(function, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):
        return ()


def _is_sound(call: NodeCall) -> bool:
    """Whether the arguments are what their names say."""
    return isinstance(call.node_id, str) and hasattr(call.dynprompt, "get_display_node_id")


def _is_prompt(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(node, Mapping) and "class_type" in node for node in value.values()
    )


def _node_call_by_kind(args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeCall:
    values = [*args, *kwargs.values()]
    dynprompt = next((v for v in values if hasattr(v, "get_display_node_id")), None)
    execution_list = next((v for v in values if hasattr(v, "staged_node_id")), None)
    execution_list = execution_list or next((v for v in values if hasattr(v, "pendingNodes")), None)
    if dynprompt is None:
        raise BindingError("no argument of execution.execute looks like the prompt's graph")
    texts = [v for v in values if isinstance(v, str) and dynprompt.has_node(v)]
    staged = getattr(execution_list, "staged_node_id", None)
    if not texts:
        raise BindingError("no argument of execution.execute names a node of the prompt")
    executed = next((v for v in values if isinstance(v, set)), None)
    return NodeCall(
        staged if staged in texts else texts[0],
        dynprompt,
        execution_list,
        executed,
        _Among(values, _is_task),
        _Among(values, _is_part_of_expansion),
    )


def _prompt_call_by_kind(args: Sequence[Any], kwargs: Mapping[str, Any]) -> PromptCall:
    values = [*args, *kwargs.values()]
    executor = next((v for v in values if hasattr(v, "caches") and hasattr(v, "server")), None)
    mappings = [v for v in values if isinstance(v, Mapping)]
    prompt = next((m for m in mappings if m and _is_prompt(m)), None)
    prompt_id = next((v for v in values if isinstance(v, str)), None)
    if executor is None or prompt is None or prompt_id is None:
        raise BindingError("the arguments of PromptExecutor.execute_async are not the ones this pack knows")
    extra_data = next((m for m in mappings if m is not prompt), {})
    outputs = next((v for v in values if isinstance(v, list)), [])
    return PromptCall(executor, prompt, prompt_id, extra_data, outputs)
