"""What the queue guard adds to pressing Run, over HTTP, in a real ComfyUI.

Two ComfyUIs, one without the pack, take the same requests in turns: a prompt without an output, which
ComfyUI itself refuses, so that only what stands before the queue is timed. A Profiler Start in it
is executed, and its end is waited for.

``python -m metrics.guard [ROUNDS]`` prints a table and writes ``metrics/results/guard.md``.
"""

from __future__ import annotations

import http.client
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.comfyui.client import wait_for
from tests.comfyui.provision import provision
from tests.comfyui.server import Server

from .result import write

SIZES = (20, 200, 5_000)
LIMITS_S = {200: 0.030, 5_000: 0.150}
"""Of the check, by nodes: what nobody notices, and what nobody minds."""
START = {"class_type": "HolafProfilerStart", "inputs": {"on_mismatch": "block"}}


def graph(count: int, *, start: bool) -> dict[str, Any]:
    """A chain without an output, with the graph that a browser sends along."""
    prompt: dict[str, Any] = {
        str(n): {
            "class_type": "ProfilerTestPass",
            "inputs": {"value": [str(n - 1), 0] if n else "x"},
            "_meta": {"title": f"Node {n}"},
        }
        for n in range(count)
    }
    if start:
        prompt["start"] = START
    nodes = [
        {"id": n, "type": "ProfilerTestPass", "pos": [n, 0], "widgets_values": ["x"]} for n in range(count)
    ]
    return {"prompt": prompt, "workflow": {"id": f"chain of {count}", "nodes": nodes}}


class Caller:
    """One kept-alive connection to a server."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def post(self, path: str, body: Mapping[str, Any]) -> float:
        """Seconds until the whole answer is here."""
        data = json.dumps(body)
        began = time.perf_counter()
        self._connection.request("POST", path, data, {"Content-Type": "application/json"})
        self._connection.getresponse().read()
        return time.perf_counter() - began

    def settle(self) -> None:
        """Wait until nothing is queued, executed or written, so that it cannot slow the next request down."""
        wait_for(lambda: not self._get("/prompt")["exec_info"]["queue_remaining"], "the end of the queue")
        wait_for(lambda: not self._get("/holaf/profiler/status")["active"], "the end of the last run")

    def _get(self, path: str) -> Any:
        self._connection.request("GET", path)
        return json.loads(self._connection.getresponse().read())


def queue_body(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser posts to queue it."""
    return {"prompt": content["prompt"], "extra_data": {"extra_pnginfo": {"workflow": content["workflow"]}}}


def measure(rounds: int) -> dict[int, dict[str, float]]:
    """Median seconds by size and by what was asked."""
    host = provision()[0]
    with tempfile.TemporaryDirectory() as folder:
        bare = Server(host, Path(folder) / "bare", pack=False)
        packed = Server(host, Path(folder) / "packed")
        with bare, packed:
            without, with_pack = Caller(bare), Caller(packed)
            return {size: _measure_size(size, rounds, without, with_pack) for size in SIZES}


def _measure_size(size: int, rounds: int, without: Caller, with_pack: Caller) -> dict[str, float]:
    plain, guarded = graph(size, start=False), graph(size, start=True)
    with_pack.post("/holaf/profiler/update_nodes", guarded)
    times: dict[str, list[float]] = {"bare": [], "plain": [], "guarded": [], "check": []}
    for _ in range(rounds):
        times["bare"].append(without.post("/prompt", queue_body(plain)))
        times["plain"].append(with_pack.post("/prompt", queue_body(plain)))
        times["guarded"].append(with_pack.post("/prompt", queue_body(guarded)))
        with_pack.settle()  # a Profiler Start alone is executed
        times["check"].append(with_pack.post("/holaf/profiler/check", guarded))
    return {name: statistics.median(values) for name, values in times.items()}


def table(found: Mapping[int, Mapping[str, float]], rounds: int) -> str:
    """The result as Markdown."""
    lines = [
        "# What the queue guard adds to pressing Run",
        "",
        f"Median of {rounds} interleaved requests over HTTP, in milliseconds. {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}.",
        "`check` is what the browser asks before it queues; its limit is "
        + ", ".join(f"{limit_s * 1000:.0f} ms for {size:,} nodes" for size, limit_s in LIMITS_S.items())
        + ".",
        "",
        "| nodes | POST /prompt without the pack | pack, no Profiler Start | pack, compared | check |",
        "|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {size:,} | "
        + " | ".join(f"{row[name] * 1000:.1f}" for name in ("bare", "plain", "guarded", "check"))
        + " |"
        for size, row in found.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print, write; 1 where the limit is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    found = measure(rounds)
    write("guard", table(found, rounds))
    return 0 if all(found[size]["check"] <= limit_s for size, limit_s in LIMITS_S.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
