"""Nodes that make images and tensors out of nothing but a seed."""

import torch

from .work import CATEGORY

SEED = ("INT", {"default": 0, "min": 0, "max": 0xFFFFFFFF})


class Picture:
    """A random RGB image of ``size`` times ``size`` pixels, shape [1, size, size, 3]."""

    CATEGORY = CATEGORY
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"seed": SEED, "size": ("INT", {"default": 64})}}

    def run(self, seed, size):
        return (torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(seed)),)


class Matmul:
    """Multiplies two random square matrices ``times`` times, and answers the seed as text."""

    CATEGORY = CATEGORY
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"seed": SEED, "size": ("INT", {"default": 512}), "times": ("INT", {"default": 10})}
        }

    def run(self, seed, size, times):
        matrix = torch.rand(size, size, generator=torch.Generator().manual_seed(seed))
        for _ in range(times):
            torch.matmul(matrix, matrix)
        return (str(seed),)


TENSOR_NODES = {f"ProfilerTest{node.__name__}": node for node in (Picture, Matmul)}
