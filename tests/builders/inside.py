"""Call trees and operators made up by hand, deterministic, for runs that were looked into."""

from __future__ import annotations

import random
from dataclasses import replace

from engine.analysis.stacks import owner_times, with_foreign_times
from engine.model import Function, NodeKernels, Operator, Owner, Run, Stacks, StackTree

from .sdxl import sdxl_run

OWNERS = (
    Owner("core", "ComfyUI"),
    Owner("pack", "ComfyUI-ExtraModels"),
    Owner("torch", "torch"),
    Owner("interpreter", "Python"),
    Owner("gpu_wait", "GPU"),
    Owner("library", "safetensors"),
)
FUNCTIONS = (
    Function("KSampler.sample", "nodes.py", 1540, 0),
    Function("common_ksampler", "nodes.py", 1480, 0),
    Function("sample_euler", "comfy/k_diffusion/sampling.py", 190, 0),
    Function("Module._wrapped_call_impl", "torch/nn/modules/module.py", 1770, 2, True),
    Function("UNetModel.forward", "comfy/ldm/modules/diffusionmodules/openaimodel.py", 820, 0),
    Function("attention_pytorch", "comfy/ldm/modules/attention.py", 470, 0),
    Function("<b>patched</b>.<locals>.forward", "ComfyUI-ExtraModels/patch.py", 33, 1),
    Function("linear", "torch/nn/functional.py", 2300, 2),
    Function("waiting for the GPU", "", 0, 4),
    Function("load_file", "safetensors/torch.py", 300, 5),
    Function("contextmanager.<locals>.inner", "contextlib.py", 80, 3, True),
)
_LINES = (
    ((0, 1, 2, 3, 4, 3, 5), 0.46),
    ((0, 1, 2, 3, 4, 3, 5, 7), 0.08),
    ((0, 1, 2, 3, 4, 3, 6), 0.22),
    ((0, 1, 2, 3, 4, 3, 6, 7), 0.06),
    ((0, 1, 2, 10, 4), 0.05),
    ((0, 1, 9), 0.03),
    ((8,), 0.10),
)


def tree_of(node_id: str, seconds: float, *, thread: str = "", owner: int | None = 0) -> StackTree:
    """A node's tree that comes to ``seconds``."""
    return from_paths(
        node_id, [(path, share * seconds) for path, share in _LINES], thread=thread, owner=owner
    )


def from_paths(
    node_id: str, paths: list[tuple[tuple[int, ...], float]], *, thread: str = "", owner: int | None = 0
) -> StackTree:
    """The tree of some call paths with the seconds at their ends."""
    functions: list[int] = []
    parents: list[int] = []
    self_s: list[float] = []
    index: dict[tuple[int, ...], int] = {}
    for path, seconds in paths:
        for depth in range(1, len(path) + 1):
            if path[:depth] not in index:
                index[path[:depth]] = len(functions)
                functions.append(path[depth - 1])
                parents.append(index.get(path[: depth - 1], -1))
                self_s.append(0.0)
        self_s[index[path]] += seconds
    return StackTree(
        node_id=node_id,
        thread=thread,
        owner=owner,
        sample_count=max(1, round(sum(self_s) / 0.05)),
        functions=tuple(functions),
        parents=tuple(parents),
        self_s=tuple(self_s),
    )


def inside_run() -> Run:
    """The SDXL run with what its nodes were doing, and the operators of the slowest."""
    run = sdxl_run()
    steps = [step for step in run.measured_steps if step.exec_time]
    slowest = max(steps, key=lambda step: step.exec_time or 0.0)
    trees = [tree_of(step.node_id, 0.97 * (step.exec_time or 0.0)) for step in steps]
    trees.append(tree_of(slowest.node_id, 2.0, thread="loader"))
    stacks = Stacks(owners=OWNERS, functions=FUNCTIONS, trees=tuple(trees))
    times = owner_times(stacks)
    return replace(
        run,
        stacks=stacks,
        owner_times=times,
        steps=with_foreign_times(run.steps, times),
        settings=replace(run.settings, inside="kernels"),
        kernels=(
            NodeKernels(
                node_id=slowest.node_id,
                operators=(
                    Operator("aten::mm", 18_200, 5.21, 9.73, 0, 2**31),
                    Operator("aten::scaled_dot_product_attention", 1_400, 2.13, 4.4, 0, 2**30),
                    Operator("aten::conv2d", 3_000, 1.02, 2.0, None, None, "2x320x128x128, 320x320x3x3"),
                ),
                exec_time=slowest.exec_time,
                usual_s=0.7 * (slowest.exec_time or 0.0),
                usual_run_id=127,
            ),
        ),
    )


def wide_tree_run(frames: int = 50_000, seed: int = 1) -> Run:
    """One node whose tree has that many frames."""
    run = sdxl_run()
    chance = random.Random(seed)
    functions = tuple(
        Function(f"function_{number}", f"comfy/part_{number % 50}.py", number, number % len(OWNERS))
        for number in range(20_000)
    )
    node = max(run.measured_steps, key=lambda step: step.exec_time or 0.0).node_id
    parents, depth = [-1], [0]
    for frame in range(1, frames):
        parent = chance.randrange(max(0, frame - 400), frame)
        while depth[parent] > 90:
            parent = parents[parent]
        parents.append(parent)
        depth.append(depth[parent] + 1)
    tree = StackTree(
        node_id=node,
        owner=0,
        sample_count=frames,
        functions=tuple(number % 20_000 for number in range(frames)),
        parents=tuple(parents),
        self_s=tuple(round(chance.expovariate(1000), 6) for _ in range(frames)),
    )
    return replace(run, stacks=Stacks(owners=OWNERS, functions=functions, trees=(tree,)))
