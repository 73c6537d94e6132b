"""The two places where this pack touches ComfyUI's executor. The only module that patches it.

``PromptExecutor.execute_async`` brackets a run, ``execution.execute`` brackets
a node. Each wrapper calls the original exactly once and returns or raises
exactly what the original did. Without a profiled run the node wrapper costs
one attribute check. Every call into the profiler goes through :func:`safely`,
the boundary that no exception of ours crosses.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any, Protocol, TypeVar

from .binding import BindingError, ExecuteBinder, NodeCall, PromptBinder, PromptCall


class NodeHooks(Protocol):
    """What the hooks tell a profiled run."""

    is_off: bool

    def enter_node(self, call: NodeCall) -> None:
        """``execution.execute`` is about to be called for a node."""
        ...

    def leave_node(self, call: NodeCall, result: Any) -> None:
        """``execution.execute`` returned ``(ExecutionResult, error details, exception)``."""
        ...

    def node_raised(self, call: NodeCall, error: BaseException) -> None:
        """``execution.execute`` raised, as it does when the run is cancelled from outside."""
        ...

    def boundaries_unknown(self, why: str) -> None:
        """Node boundaries cannot be read from the executor on this host."""
        ...

    def end_run(self, failure: BaseException | None) -> None:
        """The prompt is over."""
        ...

    def switch_off(self, error: BaseException) -> None:
        """The profiler itself failed: release everybody and measure no more. Never raises."""
        ...


active: NodeHooks | None = None
bracket: CodeType | None = None
"""The code of our bracket around a node, by which a node's entry is found on a stack."""


log = logging.getLogger("holaf.profiler")
T = TypeVar("T")

BeginRun = Callable[[PromptCall], "NodeHooks | None"]


def install(begin: BeginRun) -> None:
    """Wrap the host's executor. ``begin`` answers the run to profile, or ``None``."""
    import execution

    executor_class = execution.PromptExecutor
    executor_class.execute_async = wrap_execute_async(executor_class.execute_async, begin)
    execution.execute = wrap_execute(execution.execute)


def wrap_execute_async(original: Callable[..., Any], begin: BeginRun) -> Callable[..., Any]:
    """``PromptExecutor.execute_async`` with a run's bracket around it."""
    bind = PromptBinder(original)

    def begin_run(args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeHooks | None:
        try:
            return begin(bind(args, kwargs))
        except BindingError as error:
            log.warning("Profiling is off: %s. Please report this with your ComfyUI version.", error)
            return None

    @functools.wraps(original)
    async def execute_async(*args: Any, **kwargs: Any) -> Any:
        global active
        run = safely(None, begin_run, args, kwargs)
        if run is None:
            return await original(*args, **kwargs)
        outer, active = active, run
        failure: BaseException | None = None
        try:
            return await original(*args, **kwargs)
        except BaseException as error:
            failure = error
            raise
        finally:
            active = outer
            safely(run, run.end_run, failure)

    return execute_async


def wrap_execute(original: Callable[..., Any]) -> Callable[..., Any]:
    """``execution.execute`` with a node's bracket around it."""
    global bracket
    bind = ExecuteBinder(original)

    @functools.wraps(original)
    async def execute(*args: Any, **kwargs: Any) -> Any:
        run = active
        if run is None:
            return await original(*args, **kwargs)
        call = safely(run, _enter_node, bind, run, args, kwargs)
        if call is None:
            return await original(*args, **kwargs)
        try:
            result = await original(*args, **kwargs)
        except BaseException as error:
            safely(run, run.node_raised, call, error)
            raise
        safely(run, run.leave_node, call, result)
        return result

    bracket = getattr(execute, "__code__", None)
    return execute


def _enter_node(
    bind: ExecuteBinder, run: NodeHooks, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> NodeCall | None:
    try:
        call = bind(args, kwargs)
    except BindingError as error:
        run.boundaries_unknown(str(error))
        return None
    run.enter_node(call)
    return call


def safely(run: NodeHooks | None, function: Callable[..., T], *args: Any) -> T | None:
    """Call into the profiler; whatever goes wrong there ends the profiling, never the workflow."""
    if run is not None and run.is_off:
        return None
    try:
        return function(*args)
    except Exception as error:
        log.exception(
            "Workflow Profiler stopped measuring this run; the workflow itself goes on. "
            "Please report the lines below together with your ComfyUI version."
        )
        if run is not None:
            run.switch_off(error)
        return None
