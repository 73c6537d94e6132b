"""Nodes that use the executor's special ways: lazy inputs, expansion, lists, blocking, changing always."""

import time

from comfy_execution.graph_utils import ExecutionBlocker, GraphBuilder

from .work import CATEGORY, MILLISECONDS, VALUE, Pass


class LazySwitch:
    """Asks for ``left`` or ``right``, and only for that one."""

    CATEGORY = CATEGORY
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        lazy = ("STRING", {"lazy": True, "forceInput": True})
        return {
            "required": {"take_left": ("BOOLEAN", {"default": True})},
            "optional": {"left": lazy, "right": lazy},
        }

    def check_lazy_status(self, take_left, left=None, right=None):
        name, value = ("left", left) if take_left else ("right", right)
        return [name] if value is None else []

    def run(self, take_left, left=None, right=None):
        return (left if take_left else right,)


class Expand(Pass):
    """Expands into a chain of ``count`` sleeping nodes, each of ``ms`` milliseconds."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "count": ("INT", {"default": 2}), "ms": MILLISECONDS}}

    def run(self, value, count, ms):
        graph = GraphBuilder()
        for _ in range(count):
            value = graph.node("ProfilerTestSleep", value=value, ms=ms).out(0)
        return {"result": (value,), "expand": graph.finalize()}


class MakeList(Pass):
    """Makes a list of ``count`` values: whatever follows runs once for each of them."""

    OUTPUT_IS_LIST = (True,)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "count": ("INT", {"default": 3})}}

    def run(self, value, count):
        return ([f"{value}{index}" for index in range(count)],)


class Join(Pass):
    """Takes a list as one and joins it with commas."""

    INPUT_IS_LIST = True

    def run(self, value):
        return (",".join(value),)


class Both(Pass):
    """Waits for two values and joins them."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "other": VALUE}}

    def run(self, value, other):
        return (value + other,)


class Block(Pass):
    """Blocks everything behind it, silently."""

    def run(self, value):
        return (ExecutionBlocker(None),)


class Always(Pass):
    """Never cached: its fingerprint changes all the time."""

    @classmethod
    def IS_CHANGED(cls, value):
        return time.monotonic_ns()


class Secret(Pass):
    """Has widgets whose names look like secrets, and a long one."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "api_key": VALUE, "password": VALUE, "text": VALUE}}

    def run(self, value, api_key, password, text):
        return (value,)


FLOW_NODES = {
    f"ProfilerTest{node.__name__}": node
    for node in (LazySwitch, Expand, MakeList, Join, Both, Block, Always, Secret)
}  # fmt: skip
