"""Nodes with a known cost: time, memory, CPU. Nothing else."""

import asyncio
import sys
import threading
import time

import comfy.model_management
import comfy.model_patcher
import torch

CATEGORY = "profiler tests"
VALUE = ("STRING", {"default": ""})
MILLISECONDS = ("INT", {"default": 100, "min": 0, "max": 600_000})


class Pass:
    """Does nothing: what it costs is the host's own work."""

    CATEGORY = CATEGORY
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE}}

    def run(self, value):
        return (value,)


class Sleep(Pass):
    """Holds the executor for ``ms`` milliseconds without using the CPU."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "ms": MILLISECONDS}}

    def run(self, value, ms):
        time.sleep(ms / 1000)
        return (value,)


class AsyncSleep(Sleep):
    """Sleeps ``ms`` milliseconds while other nodes may go on."""

    async def run(self, value, ms):
        await asyncio.sleep(ms / 1000)
        return (value,)


class AsyncLoad(AsyncSleep):
    """Loads a small model in an asynchronous task, between two sleeps of ``ms`` milliseconds."""

    async def run(self, value, ms):
        await asyncio.sleep(ms / 1000)
        device = comfy.model_management.get_torch_device()
        model = comfy.model_patcher.ModelPatcher(torch.nn.Linear(512, 512), device, device)
        comfy.model_management.load_models_gpu([model])
        await asyncio.sleep(ms / 1000)
        return (value,)


class InterruptibleSleep(Sleep):
    """Sleeps up to ``ms`` milliseconds and heeds Cancel, as samplers do at each step."""

    def run(self, value, ms):
        end = time.monotonic() + ms / 1000
        while time.monotonic() < end:
            comfy.model_management.throw_exception_if_processing_interrupted()
            time.sleep(0.005)
        return (value,)


class BusyCpu(Pass):
    """Keeps ``threads`` threads busy until each has used ``ms`` milliseconds of CPU time."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "ms": MILLISECONDS, "threads": ("INT", {"default": 1})}}

    def run(self, value, ms, threads):
        def work():
            end = time.thread_time() + ms / 1000
            while time.thread_time() < end:
                sum(range(1000))

        others = [threading.Thread(target=work) for _ in range(threads - 1)]
        for other in others:
            other.start()
        work()
        for other in others:
            other.join()
        return (value,)


class Allocate(Pass):
    """Holds ``mib`` MiB of touched memory for ``ms`` milliseconds, then gives it back."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": VALUE, "mib": ("INT", {"default": 64}), "ms": MILLISECONDS}}

    def run(self, value, mib, ms):
        import mmap

        with mmap.mmap(-1, mib << 20) as block:
            for offset in range(0, len(block), mmap.PAGESIZE):
                block[offset] = 1
            time.sleep(ms / 1000)
        return (value,)


class Fail(Pass):
    """Raises ``ValueError`` with the given text."""

    def run(self, value):
        raise ValueError(value)


class Modules(Pass):
    """Answers which of the comma-separated modules in ``value`` the process has imported."""

    @classmethod
    def IS_CHANGED(cls, value):
        return float("nan")

    def run(self, value):
        return (",".join(name for name in value.split(",") if name in sys.modules),)


class Say(Modules):
    """Has the profiler record ``value`` as an event, as any pack may; answers whether it did."""

    def run(self, value):
        import holaf_profiler

        return (str(holaf_profiler.event(value)),)


class Threads(Modules):
    """Answers the names of the process's threads, one a line."""

    def run(self, value):
        return ("\n".join(sorted(thread.name for thread in threading.enumerate())),)


class Show:
    """An output node that sends ``value`` to the browser and into the history."""

    CATEGORY = CATEGORY
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("STRING", {"forceInput": True})}}

    def run(self, value):
        return {"ui": {"text": [value]}}


WORK_NODES = {
    f"ProfilerTest{node.__name__}": node
    for node in (
        Pass, Sleep, AsyncSleep, AsyncLoad,
        InterruptibleSleep, BusyCpu, Allocate, Fail, Modules, Say, Threads, Show,
    )
}  # fmt: skip
