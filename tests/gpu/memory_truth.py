"""Program: allocate 1 GiB, free it, allocate it again; print what the pack's readers saw, as JSON.

Run on its own, because torch chooses its allocator once, by ``PYTORCH_CUDA_ALLOC_CONF``.
"""

from __future__ import annotations

import json

import torch

from engine.model import DeviceMemory
from engine.probes.select import open_memory
from engine.probes.torch_memory import TorchMemory

GIB = 1024**3


def boundary(memory: TorchMemory) -> DeviceMemory:
    """As in precise timing: cudaMallocAsync frees in the order of the stream, so the GPU is waited for."""
    memory.synchronize()
    return memory.read()[0]


def main() -> None:
    """Three boundaries around two nodes."""
    torch.zeros(1, device="cuda")
    memory = open_memory()
    assert memory is not None
    start = boundary(memory)
    block = torch.empty(GIB, dtype=torch.uint8, device="cuda")
    del block
    first = boundary(memory)
    block = torch.empty(GIB, dtype=torch.uint8, device="cuda")
    second = boundary(memory)
    assert first.peak_bytes is not None
    assert second.peak_bytes is not None
    found = {
        "allocator": memory.allocator,
        "transient_bytes": first.peak_bytes - start.used_bytes,
        "left_bytes": first.used_bytes - start.used_bytes,
        "kept_bytes": second.used_bytes - first.used_bytes,
        "kept_peak_bytes": second.peak_bytes - first.used_bytes,
    }
    print(json.dumps(found))
    del block


if __name__ == "__main__":
    main()
