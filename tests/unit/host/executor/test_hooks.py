"""The hooks around look-alikes of every ``execute`` ComfyUI has had, and of what other packs do to it.

The real executor runs in the contract tests; here only the wrapping is looked at.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from engine.host.executor import hooks
from engine.host.executor.binding import PromptCall
from engine.host.executor.hooks import wrap_execute, wrap_execute_async
from tests.unit.host.executor.hosts import (
    ARGS_9,
    PROMPT,
    Graph,
    Pending,
    Run,
    anonymous_wrapper,
    execute_9,
    polite_wrapper,
)


@pytest.mark.parametrize("other", [anonymous_wrapper, polite_wrapper])
@pytest.mark.parametrize("order", ["ours outside", "ours inside"])
def test_it_lives_with_other_wrappers_in_either_order(active: Run, other: Any, order: str) -> None:
    wrapped = wrap_execute(other(execute_9)) if order == "ours outside" else other(wrap_execute(execute_9))
    assert asyncio.run(wrapped(*ARGS_9)) == ("ok", "3", "prompt-1")
    assert [name for name, _ in active.notes] == ["enter", "leave"]
    assert active.notes[0][1].node_id == "3"


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
