"""How wrong profilers are: one workload, its truth, this pack's figure and those of the methods peers use.

The truth is made on purpose (a block of known size, a thread that is busy, work of known length) or taken
from an independent source inside the workload. The peers' methods read the very same run.

``python -m metrics.accuracy`` prints a table and writes ``metrics/results/accuracy_<hardware>.md``. The rows
that need a GPU run only where torch has one; without one they are left out.
"""

from __future__ import annotations

import platform
import re
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .measured import Measured, run_nodes
from .result import write

MIB = 1024 * 1024
ROUNDS = 10
BETWEEN_S = 0.005
"""What the host does between two nodes: caches, progress messages, previews."""
METHODS = ("this pack", "next start is end", "host clock, no sync", "50 ms polling")


@dataclass(frozen=True)
class Reading:
    """One quantity of one node in one round. ``None``: the method has no figure at all."""

    quantity: str
    unit: str
    truth: float
    figures: dict[str, float | None]


def sleeping() -> Iterator[Reading]:
    """Nodes of 1 to 1,000 ms; the truth is what the node itself sees on the clock."""
    lengths = {"1 ms": 0.001, "10 ms": 0.01, "100 ms": 0.1, "1 s": 1.0}
    truths: dict[str, float] = {}

    def node(name: str, seconds: float) -> Callable[[], None]:
        def work() -> None:
            began_s = time.perf_counter()
            time.sleep(seconds)
            truths[name] = time.perf_counter() - began_s

        return work

    measured = run_nodes([(name, node(name, s)) for name, s in lengths.items()], between_s=BETWEEN_S)
    for name in lengths:
        yield _time_reading(f"time of a node of {name}", measured, name, truths[name])


def _time_reading(quantity: str, measured: Measured, name: str, truth_s: float) -> Reading:
    peer = measured.peers[name]
    return Reading(
        quantity,
        "ms",
        truth_s * 1e3,
        {
            "this pack": _times(measured.step(name).exec_time, 1e3),
            "next start is end": peer.next_start_s * 1e3,
            "host clock, no sync": peer.host_s * 1e3,
        },
    )


def transient() -> Iterator[Reading]:
    """A block of memory that lives for some tens of milliseconds within a longer node."""
    size = 100 * MIB

    def spike() -> None:
        time.sleep(0.04)
        block = np.ones(size, dtype=np.uint8)
        time.sleep(0.01)
        del block
        time.sleep(0.04)

    measured = run_nodes([("spike", spike)])
    before = measured.ram_before_bytes["spike"]
    step, peer = measured.step("spike"), measured.peers["spike"]

    def rise(peak: float | None) -> float | None:
        return None if peak is None else (peak - before) / MIB

    yield Reading(
        "RAM peak of a 100 MiB block that is written, held for 10 ms and freed",
        "MiB",
        size / MIB,
        {"this pack": rise(step.ram_max_bytes), "50 ms polling": rise(peer.polled_ram_bytes)},
    )


def busy(threads: int) -> Iterator[Reading]:
    """``threads`` busy threads for 130 ms; the truth is getrusage's."""
    values = np.random.default_rng(0).random(20_000)
    truth = 0.0

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    def work() -> None:
        nonlocal truth
        start, until = used(), time.perf_counter() + 0.13

        def sort() -> None:
            while time.perf_counter() < until:
                np.sort(values)

        workers = [threading.Thread(target=sort) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        truth = used() - start

    measured = run_nodes([("busy", work)])
    noun = "thread" if threads == 1 else "threads"
    yield Reading(
        f"CPU time of {threads} busy {noun}",
        "ms",
        truth * 1e3,
        {
            "this pack": _times(measured.step("busy").cpu_seconds, 1e3),
            "50 ms polling": _times(measured.peers["busy"].polled_cpu_s, 1e3),
        },
    )


def queued_gpu_work() -> Iterator[Reading]:
    """Node A queues 200 ms of GPU work and returns; node B waits for it. Truth: the GPU's own events."""
    import torch

    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    cycles = int(0.2 * gpu_cycles_per_s())

    def queue() -> None:
        start.record()
        torch.cuda._sleep(cycles)
        end.record()

    torch.cuda.synchronize()
    nodes = [("A", queue), ("B", torch.cuda.synchronize)]
    measured = run_nodes(nodes, between_s=BETWEEN_S)
    yield _time_reading("time of a node that queues 200 ms of GPU work", measured, "A", _ms(start, end))
    yield _time_reading("time of the node after it, which waits", measured, "B", 0.0)
    light = run_nodes(nodes, between_s=BETWEEN_S, timing="light")
    reading = Reading(
        "GPU time of that node in light timing",
        "ms",
        _ms(start, end) * 1e3,
        {"this pack": _times(light.step("A").gpu_time_s, 1e3)},
    )
    yield reading


def gpu_cycles_per_s() -> float:
    """How many cycles of ``torch.cuda._sleep`` are a second on this GPU, now that it is warm."""
    import torch

    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda._sleep(200_000_000)
    torch.cuda.synchronize()
    start.record()
    torch.cuda._sleep(200_000_000)
    end.record()
    return 200_000_000 / _ms(start, end)


def _ms(start: object, end: object) -> float:
    """Seconds between two events."""
    end.synchronize()  # type: ignore[attr-defined] # torch's event
    return float(start.elapsed_time(end)) / 1e3  # type: ignore[attr-defined] # torch's event


def gpu_transient() -> Iterator[Reading]:
    """1 GiB of GPU memory that lives for some milliseconds."""
    import torch

    def spike() -> None:
        block = torch.empty(1024 * MIB, dtype=torch.uint8, device="cuda")
        del block
        time.sleep(0.06)

    torch.cuda.synchronize()
    measured = run_nodes([("spike", spike)])
    step = measured.step("spike")
    yield Reading(
        "VRAM peak of a 1 GiB transient",
        "MiB",
        1024.0,
        {"this pack": _times((step.vram_max or 0) - (step.vram_start or 0), 1 / MIB)},
    )


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def has_gpu() -> bool:
    """Whether torch is installed and has a CUDA or ROCm device; initialises it."""
    try:
        import torch
    except ImportError:
        return False
    if not torch.cuda.is_available():
        return False
    torch.cuda.init()
    return True


def hardware() -> str:
    """A short name of what this ran on."""
    if has_gpu():
        import torch

        return str(torch.cuda.get_device_name())
    names = re.findall(r"^model name\s*: (.*)$", _cpuinfo(), re.MULTILINE)
    return f"{names[0] if names else platform.processor() or platform.machine()}, CPU only"


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def collect(rounds: int) -> list[Reading]:
    """All readings of all rounds."""
    works: list[Callable[[], Iterator[Reading]]] = [sleeping, transient, lambda: busy(1), lambda: busy(2)]
    if has_gpu():
        works += [queued_gpu_work, gpu_transient]
    for work in works:  # imports, first allocations
        list(work())
    return [reading for _ in range(rounds) for work in works for reading in work()]


def table(readings: Sequence[Reading], rounds: int) -> str:
    """Truth, and for each method the median figure with its median and worst error."""
    lines = [
        "# How far off profilers are",
        "",
        f"{hardware()}; {platform.system()}, Python {platform.python_version()}, {rounds} rounds. "
        "Each cell: the method's median figure,",
        "then its median and its worst error against that round's truth. A dash: the method has no such",
        "figure; `missed`: it had none in that many rounds. The methods read the same run.",
        "",
        f"| quantity | truth | {' | '.join(METHODS)} |",
        f"|---|---:|{'---:|' * len(METHODS)}",
    ]
    for quantity in dict.fromkeys(reading.quantity for reading in readings):
        found = [reading for reading in readings if reading.quantity == quantity]
        truth = statistics.median(reading.truth for reading in found)
        cells = [_cell(found, method) for method in METHODS]
        lines.append(f"| {quantity} | {truth:.4g} {found[0].unit} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(readings: Sequence[Reading], method: str) -> str:
    if all(method not in reading.figures for reading in readings):
        return "–"
    pairs = [(reading.truth, reading.figures.get(method)) for reading in readings]
    known = [(truth, figure) for truth, figure in pairs if figure is not None]
    missed = len(pairs) - len(known)
    if not known:
        return f"missed {missed}x"
    figure = statistics.median(figure for _, figure in known)
    text = f"{figure:.4g}, {_error(known)}"
    return f"{text}, missed {missed}x" if missed else text


def _error(pairs: Sequence[tuple[float, float]]) -> str:
    """Median and worst, in percent of the truth; in units where the truth is zero."""
    if all(truth == 0 for truth, _ in pairs):
        return f"off by {statistics.median(figure for _, figure in pairs):.3g}"
    errors = [100 * (figure - truth) / truth for truth, figure in pairs]
    return f"{statistics.median(errors):+.2f} % (worst {max(errors, key=abs):+.1f} %)"


def main() -> int:
    """Measure, print, write."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    slug = re.sub(r"[^a-z0-9]+", "_", hardware().lower()).strip("_")
    write(f"accuracy_{slug}", table(collect(rounds), rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
