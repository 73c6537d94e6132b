"""The hooks around look-alikes of every ``execute`` ComfyUI has had, and of what other packs do to it.

The real executor runs in the contract tests; here only the wrapping is looked at.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.host.executor import hooks
from engine.host.executor.binding import NodeCall, PromptCall
from engine.host.executor.hooks import wrap_execute, wrap_execute_async

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


@pytest.fixture
def active() -> Iterator[Run]:
    run = Run()
    token = hooks._run.set(run)
    yield run
    hooks._run.reset(token)


async def execute_9(server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list, pending_subgraph_results):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    return ("ok", current_item, prompt_id)


async def execute_12(server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list, pending_subgraph_results, pending_async_nodes, ui_outputs, asset_manager):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    return ("ok", current_item, prompt_id)


async def execute_reordered(prompt_id, current_item, execution_list, *, server, executed, dynprompt, brand_new=1):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    return ("ok", current_item, prompt_id)


ARGS_9 = ("server", Graph(), {}, "3", {}, set(), "prompt-1", Pending(), {})


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


def anonymous_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await original(*args, **kwargs)

    return wrapper


def polite_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    return functools.wraps(original)(anonymous_wrapper(original))


@pytest.mark.parametrize("other", [anonymous_wrapper, polite_wrapper])
@pytest.mark.parametrize("order", ["ours outside", "ours inside"])
def test_it_lives_with_other_wrappers_in_either_order(active: Run, other: Any, order: str) -> None:
    wrapped = wrap_execute(other(execute_9)) if order == "ours outside" else other(wrap_execute(execute_9))
    assert asyncio.run(wrapped(*ARGS_9)) == ("ok", "3", "prompt-1")
    assert [name for name, _ in active.notes] == ["enter", "leave"]
    assert active.notes[0][1].node_id == "3"


def test_arguments_that_mean_nothing_are_reported_and_passed_on(active: Run) -> None:
    async def execute(*args: Any) -> Any:
        return args

    assert asyncio.run(wrap_execute(execute)(1, 2, 3)) == (1, 2, 3)
    assert [name for name, _ in active.notes] == ["unknown"]


@pytest.mark.parametrize("hook", ["enter", "leave"])
def test_a_bug_in_the_profiler_never_reaches_the_workflow(hook: str) -> None:
    run = Run(fail=hook)
    token = hooks._run.set(run)
    try:
        execute = wrap_execute(execute_9)
        assert asyncio.run(execute(*ARGS_9)) == ("ok", "3", "prompt-1")
        assert asyncio.run(execute(*ARGS_9)) == ("ok", "3", "prompt-1")
    finally:
        hooks._run.reset(token)
    assert run.is_off
    assert [name for name, _ in run.notes].count(hook) == 1  # switched off, not tried again


def test_what_the_host_raises_comes_through_unchanged(active: Run) -> None:
    error = KeyError("the host's own")

    async def execute(current_item, dynprompt, execution_list):  # type: ignore[no-untyped-def]
        raise error

    with pytest.raises(KeyError) as caught:
        asyncio.run(wrap_execute(execute)("3", Graph(), Pending()))
    assert caught.value is error
    assert active.notes[-1] == ("raised", error)


def test_without_a_run_the_original_is_called_and_nothing_else() -> None:
    execute = wrap_execute(execute_9)
    assert inspect.iscoroutinefunction(execute)  # other packs ask, to choose how to wrap it
    assert asyncio.run(execute(*ARGS_9)) == ("ok", "3", "prompt-1")


class Executor:
    """Stands where the host's PromptExecutor is."""

    caches = server = None

    async def execute_async(self, prompt, prompt_id, extra_data={}, execute_outputs=[]):  # type: ignore[no-untyped-def]  # noqa: B006
        self.active_inside = hooks.run_of(prompt)
        if prompt_id == "bad":
            raise RuntimeError("bad prompt")
        return "the host's answer"


@pytest.mark.parametrize("prompt_id", ["good", "bad"])
def test_a_run_is_closed_whatever_happens(prompt_id: str) -> None:
    run, calls = Run(), []

    def begin(call: PromptCall) -> Run:
        calls.append(call)
        return run

    executor = Executor()
    bracket = wrap_execute_async(Executor.execute_async, begin)
    if prompt_id == "bad":
        with pytest.raises(RuntimeError, match="bad prompt"):
            asyncio.run(bracket(executor, PROMPT, prompt_id, {"a": 1}, ["3"]))
    else:
        assert asyncio.run(bracket(executor, PROMPT, prompt_id, {"a": 1}, ["3"])) == "the host's answer"
    assert calls == [PromptCall(executor, PROMPT, prompt_id, {"a": 1}, ["3"])]
    assert executor.active_inside is run
    assert hooks.run_of(PROMPT) is None
    assert [name for name, _ in run.notes] == ["end"]
    assert isinstance(run.notes[0][1], RuntimeError if prompt_id == "bad" else type(None))


def test_a_prompt_runs_even_if_profiling_cannot_begin() -> None:
    def begin(call: PromptCall) -> Run:
        raise OSError("no")

    bracket = wrap_execute_async(Executor.execute_async, begin)
    assert asyncio.run(bracket(Executor(), PROMPT, "good")) == "the host's answer"


def test_a_prompt_runs_even_if_what_begins_is_no_run() -> None:
    bracket = wrap_execute_async(Executor.execute_async, lambda call: object())  # type: ignore[arg-type, return-value]
    assert asyncio.run(bracket(Executor(), PROMPT, "good")) == "the host's answer"


def test_a_prompt_inside_a_prompt_gives_the_outer_one_back() -> None:
    outer = Run()
    token = hooks._run.set(outer)
    try:
        bracket = wrap_execute_async(Executor.execute_async, lambda call: Run())
        asyncio.run(bracket(Executor(), dict(PROMPT), "good"))
        assert hooks.run_of(None) is outer
    finally:
        hooks._run.reset(token)


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


def test_a_second_bracket_of_ours_around_the_same_prompt_begins_nothing() -> None:
    begun: list[Run] = []

    def begin(call: PromptCall) -> Run:
        begun.append(Run())
        return begun[-1]

    bracket = wrap_execute_async(anonymous_wrapper(wrap_execute_async(Executor.execute_async, begin)), begin)
    assert asyncio.run(bracket(Executor(), PROMPT, "good")) == "the host's answer"
    assert [run.notes for run in begun] == [[("end", None)]]


def test_executors_in_threads_keep_their_own_runs() -> None:
    import threading

    runs = {name: Run() for name in ("short", "long")}
    inside, short_is_over = threading.Event(), threading.Event()
    seen: dict[str, Any] = {}

    class Waiting(Executor):
        async def execute_async(self, prompt, prompt_id, extra_data=None, execute_outputs=()):  # type: ignore[no-untyped-def, override]
            if prompt_id == "long":
                inside.set()
                short_is_over.wait(10)
            else:
                inside.wait(10)
            seen[prompt_id] = hooks.run_of(prompt)

    bracket = wrap_execute_async(Waiting.execute_async, lambda call: runs[call.prompt_id])
    threads = [
        threading.Thread(target=lambda name=name: asyncio.run(bracket(Waiting(), PROMPT, name)))
        for name in runs
    ]
    for thread in threads:
        thread.start()
    threads[0].join(10)
    short_is_over.set()
    threads[1].join(10)
    assert seen == runs
    own = [[name for name, _ in run.notes if name != "other prompt"] for run in runs.values()]
    assert own == [["end"], ["end"]]
    assert sum(name == "other prompt" for run in runs.values() for name, _ in run.notes) == 1
    assert hooks.run_of(PROMPT) is None


def test_a_node_executed_outside_the_prompts_context_finds_its_run() -> None:
    run = Run()
    execute = wrap_execute(execute_9)
    graph = Graph()
    graph.original_prompt = PROMPT  # type: ignore[attr-defined]
    args = ("server", graph, *ARGS_9[2:])

    class Elsewhere(Executor):
        async def execute_async(self, prompt, prompt_id, extra_data=None, execute_outputs=()):  # type: ignore[no-untyped-def, override]
            await asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(execute(*args)))

    asyncio.run(wrap_execute_async(Elsewhere.execute_async, lambda call: run)(Elsewhere(), PROMPT, "good"))
    assert [name for name, _ in run.notes] == ["enter", "leave", "end"]
