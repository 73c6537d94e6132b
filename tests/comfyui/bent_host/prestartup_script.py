"""Bends ComfyUI before any pack is loaded: what lies below the profiler's hooks.

``BENT_HOST`` names the way. Each is one that a pack or another version of ComfyUI has.
"""

import os

WAY = os.environ.get("BENT_HOST", "")


def rename_pending_nodes():
    """A ComfyUI whose list of what is left has other names."""
    import inspect

    from comfy_execution import graph

    source = inspect.getsource(graph)
    for name in ("pendingNodes", "blockCount", "externalBlocks"):
        source = source.replace(name, f"other_{name}")
    exec(compile(source, graph.__file__, "exec"), graph.__dict__)


def old_schema():
    """The node schema of ComfyUI 0.8 to 0.10, which takes no search aliases."""
    import dataclasses

    from comfy_api.latest import io

    fields = [f for f in dataclasses.fields(io.Schema) if f.name != "search_aliases"]
    methods = {name: member for name, member in vars(io.Schema).items() if callable(member)}
    methods.pop("__init__", None)
    made = [(f.name, f.type, f) for f in fields]
    io.Schema = dataclasses.make_dataclass("Schema", made, namespace={**methods, "search_aliases": None})


def no_node_api():
    """A ComfyUI older than the node API that the pack needs."""
    import comfyui_version
    from comfy_api.latest import io

    del io.Autogrow
    comfyui_version.__version__ = "0.7.0"


def no_execute():
    """A ComfyUI whose executor has no function for one node."""
    import execution

    original = execution.execute
    kept = execution.PromptExecutor.execute_async

    async def execute_async(self, *args, **kwargs):
        execution.__dict__["execute"] = original
        try:
            return await kept(self, *args, **kwargs)
        finally:
            del execution.__dict__["execute"]

    execution.PromptExecutor.execute_async = execute_async
    del execution.__dict__["execute"]


def swapped_inside():
    """A pack that puts the executor's own function back for the length of each prompt."""
    import execution

    original = execution.execute
    kept = execution.PromptExecutor.execute_async

    async def execute_async(self, *args, **kwargs):
        found, execution.execute = execution.execute, original
        try:
            return await kept(self, *args, **kwargs)
        finally:
            execution.execute = found

    execution.PromptExecutor.execute_async = execute_async


def wrap(make):
    """Have ``execution.execute`` be what ``make`` makes of it."""

    def bend():
        import execution

        execution.execute = make(execution.execute)

    return bend


def anonymous(original):
    async def execute(*args, **kwargs):
        return await original(*args, **kwargs)

    return execute


def anonymous_and_hidden(original):
    kept = {"function": original}

    async def execute(*args, **kwargs):
        return await kept["function"](*args, **kwargs)

    return execute


def renamed(original):
    kept = {"function": original}

    async def execute(host, graph, stores, node, extra, done, number, todo, expansions, tasks, *more):
        return await kept["function"](
            host, graph, stores, node, extra, done, number, todo, expansions, tasks, *more
        )

    return execute


def keyword_only(original):
    kept = {"function": original}

    async def execute(
        *, server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list,
        pending_subgraph_results, pending_async_nodes, ui_outputs,
    ):  # fmt: skip
        return await kept["function"](
            server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list,
            pending_subgraph_results, pending_async_nodes, ui_outputs,
        )  # fmt: skip

    return execute


def twelve(original):
    kept = {"function": original}

    async def execute(
        server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list,
        pending_subgraph_results, pending_async_nodes, ui_outputs, asset_manager,
    ):  # fmt: skip
        assert asset_manager == "twelfth"
        return await kept["function"](
            server, dynprompt, caches, current_item, extra_data, executed, prompt_id, execution_list,
            pending_subgraph_results, pending_async_nodes, ui_outputs,
        )  # fmt: skip

    return execute


def bundle(original):
    async def execute(arguments):
        return await original(*arguments)

    return execute


def keep_pristine():
    """Remember the executor's own function, for packs that put it back."""
    import execution

    if not hasattr(execution, "bent_host_original"):
        execution.bent_host_original = getattr(execution, "execute", None)


WAYS = {
    "wrapped before": wrap(anonymous),
    "wrapped before, out of sight": wrap(anonymous_and_hidden),
    "renamed parameters": wrap(renamed),
    "keyword-only parameters": wrap(keyword_only),
    "twelve parameters": wrap(twelve),
    "one bundle": wrap(bundle),
    "no pendingNodes": rename_pending_nodes,
    "old schema": old_schema,
    "no node API": no_node_api,
    "no execute": no_execute,
    "swapped inside the prompt": swapped_inside,
}
if WAY in WAYS:
    if WAYS[WAY] not in (
        rename_pending_nodes,
        old_schema,
    ):  # these two come before the executor's own imports
        keep_pristine()
    WAYS[WAY]()
keep_pristine()
