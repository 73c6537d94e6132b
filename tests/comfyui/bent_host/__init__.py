"""Bends ComfyUI while it runs, as careless packs do: for tests of what the profiler makes of it.

``POST /bent_host?way=...`` bends what the next prompts run through and unbends what was bent before;
the nodes bend in mid-run.
"""

import asyncio
import os
import threading

import execution
from aiohttp import web
from comfy_execution.graph_utils import GraphBuilder
from server import PromptServer

WAY = os.environ.get("BENT_HOST", "")
EXECUTE_PARAMETERS = [
    *("server", "dynprompt", "caches", "current_item", "extra_data", "executed", "prompt_id"),
    *("execution_list", "pending_subgraph_results", "pending_async_nodes", "ui_outputs"),
]
_undo = []


class Restore:
    """Puts the executor's own function back in mid-run, over everybody's hooks."""

    CATEGORY = "profiler tests"
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("STRING", {"default": ""})}}

    def run(self, value):
        bend(execution.bent_host_original)
        return (value,)


class Cycle(Restore):
    """Expands into two nodes that wait for each other."""

    def run(self, value):
        graph = GraphBuilder()
        first = graph.node("ProfilerTestPass", value=value)
        second = graph.node("ProfilerTestPass", value=first.out(0))
        first.set_input("value", second.out(0))
        return {"result": (second.out(0),), "expand": graph.finalize()}


class NeedsReport(Restore):
    """Expands into a node that waits for the Profiler Report named ``value``."""

    def run(self, value):
        graph = GraphBuilder()
        return {
            "result": (graph.node("ProfilerTestPass", value=[value, 1]).out(0),),
            "expand": graph.finalize(),
        }


class Answered(Restore):
    """An output node that the way "answers the last node" answers for."""

    RETURN_TYPES = ()
    OUTPUT_NODE = True

    def run(self, value):
        return {"ui": {"text": [value]}}


class OtherExecutor(Restore):
    """Starts an executor of its own, in a thread that goes on after this prompt."""

    def run(self, value):
        prompt = {
            "a": {"class_type": "ProfilerTestSleep", "inputs": {"value": value, "ms": 1500}},
            "b": {"class_type": "ProfilerTestShow", "inputs": {"value": ["a", 0]}},
        }
        threading.Thread(target=run_prompt, args=(prompt, "other", ["b"]), daemon=True).start()
        return (value,)


def run_prompt(prompt, prompt_id, outputs):
    executor = execution.PromptExecutor(
        PromptServer.instance, cache_args={"lru": 0, "ram": 16.0, "ram_inactive": 16.0}
    )
    executor.execute(prompt, prompt_id, {}, outputs)
    return executor.success


def bend(execute):
    found = execution.execute
    _undo.append(lambda: setattr(execution, "execute", found))
    execution.execute = execute


def unbend():
    while _undo:
        _undo.pop()()


def wrapped_after():
    original = execution.execute

    async def execute(*args, **kwargs):
        return await original(*args, **kwargs)

    bend(execute)


def wrapped_after_out_of_sight():
    kept = {"function": execution.execute}

    async def execute(*args, **kwargs):
        return await kept["function"](*args, **kwargs)

    bend(execute)


def unwrapped():
    bend(execution.bent_host_original)


def method():
    class Executor:
        async def execute(self, *args, **kwargs):
            return await execution.bent_host_original(*args, **kwargs)

    bend(Executor().execute)


def called_twice():
    """Each node is executed a second time at once, as loops do."""
    original = execution.execute

    async def execute(*args, **kwargs):
        result = await original(*args, **kwargs)
        caches, node_id = args[2], args[3]
        if result[0].name == "SUCCESS" and node_id == "looped":
            args[5].discard(node_id)
            key = caches.outputs.cache_key_set.get_data_key(node_id)
            caches.outputs.cache.pop(key, None)
            return await original(*args, **kwargs)
        return result

    bend(execute)


def answers_the_last_node():
    original = execution.execute

    async def execute(*args, **kwargs):
        if args[1].get_node(args[3])["class_type"] == "BentHostAnswered":
            await asyncio.sleep(0.01)
            return (execution.ExecutionResult.SUCCESS, None, None)
        return await original(*args, **kwargs)

    bend(execute)


def in_another_thread():
    """Each node is executed on a thread of its own, without the prompt's context."""
    original = execution.execute

    async def execute(*args, **kwargs):
        if args[1].get_node(args[3])["class_type"] == "ProfilerTestSleep":
            run = asyncio.get_running_loop().run_in_executor
            return await run(None, lambda: asyncio.run(original(*args, **kwargs)))
        return await original(*args, **kwargs)

    bend(execute)


def executor_replaced():
    """The whole prompt goes past the hook around it."""
    owner = execution.PromptExecutor
    found = owner.execute_async
    original = getattr(found, "__wrapped__", found)

    async def execute_async(self, *args, **kwargs):
        return await original(self, *args, **kwargs)

    _undo.append(lambda: setattr(owner, "execute_async", found))
    owner.execute_async = execute_async


AFTER = {
    "wrapped after": wrapped_after,
    "wrapped after, out of sight": wrapped_after_out_of_sight,
    "unwrapped": unwrapped,
    "method": method,
    "called twice": called_twice,
    "answers the last node": answers_the_last_node,
    "in another thread": in_another_thread,
    "executor replaced": executor_replaced,
}


def adapt_the_caller():
    """What calls a bent function hands over what that takes."""
    wrapped = execution.execute

    async def execute(*args):
        if WAY == "keyword-only parameters":
            return await wrapped(**dict(zip(EXECUTE_PARAMETERS, args, strict=True)))
        return await (wrapped(args) if WAY == "one bundle" else wrapped(*args, "twelfth"))

    execution.execute = execute


async def on_startup(_app):
    if WAY in ("keyword-only parameters", "twelve parameters", "one bundle"):
        adapt_the_caller()


PromptServer.instance.app.on_startup.append(on_startup)


@PromptServer.instance.routes.post("/bent_host")
async def bend_now(request):
    unbend()
    way = request.query.get("way", "")
    if way:
        AFTER[way]()
    return web.json_response({})


@PromptServer.instance.routes.post("/bent_host/twice")
async def run_twice(request):
    """Run one prompt object in two executors at once; answers whether each succeeded."""
    body = await request.json()
    loop, prompt, outputs = asyncio.get_running_loop(), body["prompt"], body["outputs"]
    first = loop.run_in_executor(None, run_prompt, prompt, body["ids"][0], outputs)
    await asyncio.sleep(0.05)
    second = loop.run_in_executor(None, run_prompt, prompt, body["ids"][1], outputs)
    return web.json_response({"success": [await first, await second]})


NODE_CLASS_MAPPINGS = {
    f"BentHost{node.__name__}": node for node in (Restore, Cycle, NeedsReport, Answered, OtherExecutor)
}
