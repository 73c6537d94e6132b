"""Runs built by hand, with made-up but plausible numbers, for tests and for the gallery.

Every builder is deterministic. Nothing here is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from engine.model import Run

from .chains import chain_run, long_run, one_node_run, tiny_run
from .endings import all_cached_run, crashed_run, empty_run, failed_run, interrupted_run, partly_cached_run
from .inside import inside_run, wide_tree_run
from .parts import GB, TIMESTAMP, cached, positioned, step
from .sdxl import cpu_only_run, sdxl_run
from .unusual import async_run, eventful_run, hostile_run, two_gpu_run

__all__ = [
    "GB",
    "RUNS",
    "TIMESTAMP",
    "all_cached_run",
    "async_run",
    "cached",
    "chain_run",
    "cpu_only_run",
    "crashed_run",
    "empty_run",
    "eventful_run",
    "failed_run",
    "hostile_run",
    "inside_run",
    "interrupted_run",
    "long_run",
    "one_node_run",
    "partly_cached_run",
    "positioned",
    "sdxl_run",
    "step",
    "tiny_run",
    "two_gpu_run",
    "wide_tree_run",
]

RUNS: dict[str, Callable[[], Run]] = {
    "sdxl": cache(sdxl_run),
    "cpu_only": cache(cpu_only_run),
    "nodes_0001": cache(one_node_run),
    "nodes_0012": cache(lambda: chain_run(12, 31.0)),
    "nodes_0120": cache(lambda: chain_run(120, 95.0)),
    "nodes_1000": cache(lambda: chain_run(1000, 640.0)),
    "short_0.05s": cache(tiny_run),
    "long_2h": cache(long_run),
    "async": cache(async_run),
    "events": cache(eventful_run),
    "failed": cache(failed_run),
    "interrupted": cache(interrupted_run),
    "all_cached": cache(all_cached_run),
    "partly_cached": cache(partly_cached_run),
    "empty": cache(empty_run),
    "crashed": cache(crashed_run),
    "two_gpus": cache(two_gpu_run),
    "hostile": cache(hostile_run),
    "inside": cache(inside_run),
}
"""Every run of the gallery, by name; each is built once."""
