"""The two places where this pack touches ComfyUI's executor. The only module that patches it.

``PromptExecutor.execute_async`` brackets a run, ``execution.execute`` brackets
a node. Each wrapper calls the original exactly once and returns or raises
exactly what the original did. Without a profiled run the node wrapper costs
one look-up. Every call into the profiler goes through :func:`safely`,
the boundary that no exception of ours crosses.

A run belongs to the context of its executor's coroutine: executors in other threads, and
prompts inside prompts, have runs of their own or none.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from types import CodeType
from typing import Any, Protocol, TypeVar

from .binding import BindingError, ExecuteBinder, NodeCall, PromptBinder, PromptCall


class NodeHooks(Protocol):
    """What the hooks tell a profiled run."""

    is_off: bool

    def is_about(self, prompt: Any, executor: Any = None) -> bool:
        """Whether the run profiles this prompt object, in this executor where one is given."""

    def runs_in(self, coroutine: Any) -> None:
        """The prompt is about to be executed by this coroutine."""

    def enter_node(self, call: NodeCall) -> bool:
        """``execution.execute`` is about to be called for a node. False: this call is not to be recorded."""

    def leave_node(self, call: NodeCall, result: Any) -> None:
        """``execution.execute`` returned ``(ExecutionResult, error details, exception)``."""

    def node_raised(self, call: NodeCall, error: BaseException) -> None:
        """``execution.execute`` raised, as it does when the run is cancelled from outside."""

    def other_prompt_began(self) -> None:
        """Another prompt is about to be executed beside this one, or inside one of its nodes."""

    def boundaries_unknown(self, why: str) -> None:
        """Node boundaries cannot be read from the executor on this host."""

    def end_run(self, failure: BaseException | None) -> None:
        """The prompt is over."""

    def switch_off(self, error: BaseException) -> None:
        """The profiler itself failed: release everybody and measure no more. Never raises."""


bracket: CodeType | None = None
"""The code of our bracket around a node, by which a node's entry is found on a stack."""

log = logging.getLogger("holaf.profiler")
T = TypeVar("T")

BeginRun = Callable[[PromptCall], "NodeHooks | None"]

_run: ContextVar[NodeHooks | None] = ContextVar("holaf_profiler_run", default=None)
_open: list[NodeHooks] = []
"""The runs that go on now, in any thread."""
_executing: list[object] = []
"""One entry for each prompt that is being executed now, profiled or not."""


def run_of(prompt: Any) -> NodeHooks | None:
    """The run that is being profiled here; for code that lost its context, the one of this prompt object."""
    run = _run.get()
    return run if run is not None else next((run for run in tuple(_open) if run.is_about(prompt)), None)


def open_runs() -> tuple[NodeHooks, ...]:
    """The runs that go on now, in any thread, the newest last."""
    return tuple(_open)


def is_within(run: NodeHooks) -> bool:
    """Whether this code runs for the run's prompt; without a context only where no other is executed."""
    here = _run.get()
    return here is run or (here is None and len(_executing) < 2)


def prompts_at_work() -> int:
    """How many prompts are being executed now, profiled or not.

    While there is one only, the host's globals are about that one.
    """
    return len(_executing)


def wrap_execute_async(original: Callable[..., Any], begin: BeginRun) -> Callable[..., Any]:
    """``PromptExecutor.execute_async`` with a run's bracket around it."""
    bind = PromptBinder(original).bind

    def begin_run(
        args: Sequence[Any], kwargs: Mapping[str, Any], outer: NodeHooks | None
    ) -> NodeHooks | None:
        try:
            call = bind(args, kwargs)
        except BindingError as error:
            log.warning("Profiling is off: %s. Please report this with your ComfyUI version.", error)
            return None
        if outer is not None and outer.is_about(call.prompt, call.executor):
            return outer  # a wrapper of ours further out has begun it
        run = begin(call)
        if run is not None and not isinstance(getattr(run, "is_off", None), bool):
            raise TypeError(f"a run cannot be a {type(run).__name__}")
        return run

    @functools.wraps(original)
    async def execute_async(*args: Any, **kwargs: Any) -> Any:
        mark = object()
        _executing.append(mark)
        try:
            return await bracketed(args, kwargs)
        finally:
            _executing.remove(mark)

    async def bracketed(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        outer = _run.get()
        run = safely(None, begin_run, args, kwargs, outer)
        if run is None or run is not outer:
            for other in tuple(_open):
                safely(other, other.other_prompt_began)
        if run is outer:
            return await original(*args, **kwargs)
        _run.set(run)
        if run is None:  # a prompt inside a profiled one
            try:
                return await original(*args, **kwargs)
            finally:
                _run.set(outer)
        _open.append(run)
        failure: BaseException | None = None
        try:
            coroutine = original(*args, **kwargs)
            safely(run, run.runs_in, coroutine)
            return await coroutine
        except BaseException as error:
            failure = error
            raise
        finally:
            _run.set(outer)
            _open.remove(run)
            safely(run, run.end_run, failure)

    return execute_async


def wrap_execute(original: Callable[..., Any]) -> Callable[..., Any]:
    """``execution.execute`` with a node's bracket around it."""
    global bracket
    bind = ExecuteBinder(original).bind

    def lost_run(args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeHooks | None:
        """The run of a node that another pack executes outside the prompt's context."""
        try:
            prompt = getattr(bind(args, kwargs).dynprompt, "original_prompt", None)
        except BindingError:
            return None
        return run_of(prompt)

    @functools.wraps(original)
    async def execute(*args: Any, **kwargs: Any) -> Any:
        run = _run.get()
        if run is None and _open:
            run = safely(None, lost_run, args, kwargs)
        if run is None or run.is_off:
            return await original(*args, **kwargs)
        # What safely() does, written out: every Python frame here is paid twice for each node.
        try:
            call = bind(args, kwargs)
            is_recorded = run.enter_node(call)
        except BindingError as error:
            safely(run, run.boundaries_unknown, str(error))
            is_recorded = False
        except Exception as error:  # noqa: BLE001 - the boundary that no exception of ours crosses
            _end_profiling(run, error)
            is_recorded = False
        if not is_recorded:
            return await original(*args, **kwargs)
        try:
            result = await original(*args, **kwargs)
        except BaseException as error:
            safely(run, run.node_raised, call, error)
            raise
        if not run.is_off:
            try:
                run.leave_node(call, result)
            except Exception as error:  # noqa: BLE001 - the same
                _end_profiling(run, error)
        return result

    bracket = getattr(execute, "__code__", None)
    return execute


def safely(run: NodeHooks | None, function: Callable[..., T], *args: Any) -> T | None:
    """Call into the profiler; whatever goes wrong there ends the profiling, never the workflow."""
    if run is not None and run.is_off:
        return None
    try:
        return function(*args)
    except Exception as error:  # noqa: BLE001 - the boundary that no exception of ours crosses
        _end_profiling(run, error)
        return None


def _end_profiling(run: NodeHooks | None, error: Exception) -> None:
    log.exception(
        "Workflow Profiler stopped measuring this run; the workflow itself goes on. "
        "Please report the lines below together with your ComfyUI version."
    )
    if run is not None:
        run.switch_off(error)
