"""What the monitor thread costs the work beside it, and how regular it is.

The same torch work (matrix products and small operations, as a sampler step has) runs with and without
the sampler at 50 ms, in pairs that take turns. Loss is how much longer the work takes; the interval is what
the thread achieved while the work ran.

``python -m metrics.sampler_cost [PAIRS]`` prints a table and writes ``metrics/results/sampler_cost.md``.
"""

from __future__ import annotations

import statistics
import sys
import time

from engine.capture.sample_log import SampleLog
from engine.capture.sampler import Sampler, SamplerStats
from engine.probes.select import open_probes

from .result import MACHINE, write

INTERVAL_S = 0.05
WORK_S = 0.3
"""Short, so that whatever else the machine does meets both of a pair alike."""
PAIRS = 100
LONG_ROUNDS = 40
"""How many times the work makes the run in which the interval is looked at."""
LOSS_LIMIT_PERCENT = 1.0
P95_LIMIT_MS = 60.0


class TorchWork:
    """Rounds of torch work; how many make :data:`WORK_S` is found out once."""

    def __init__(self) -> None:
        import torch

        torch.manual_seed(0)
        torch.set_num_threads(1)  # as with a GPU: one Python thread that queues work
        self._weight = torch.rand(512, 512)
        self._small = torch.rand(64, 64)
        self._rounds = 20
        for _ in range(3):
            took_s = self.run()
            self._rounds = max(1, round(self._rounds * WORK_S / took_s))

    def run(self) -> float:
        """Seconds for all rounds."""
        began_s = time.perf_counter()
        value = self._weight
        for _ in range(self._rounds):
            value = (value @ self._weight).softmax(-1)
            small = self._small
            for _ in range(20):
                small = (small + 1.0) * 0.5
        return time.perf_counter() - began_s


def measure(pairs: int) -> tuple[list[float], list[float], SamplerStats]:
    """Seconds without and with the sampler, pair by pair, and the regularity of one long run."""
    work = TorchWork()
    without: list[float] = []
    with_sampler: list[float] = []
    for pair in range(pairs):
        for sampled in (pair % 2 == 0, pair % 2 == 1):
            if not sampled:
                without.append(work.run())
                continue
            sampler = Sampler(open_probes().sampled, INTERVAL_S, SampleLog())
            sampler.start()
            with_sampler.append(work.run())
            sampler.stop()
    sampler = Sampler(open_probes().sampled, INTERVAL_S, SampleLog())
    sampler.start()
    for _ in range(LONG_ROUNDS):
        work.run()
    sampler.stop()
    return without, with_sampler, sampler.stats


def table(without: list[float], with_sampler: list[float], stats: SamplerStats) -> str:
    """The result as Markdown."""
    median_s, p95_s = stats.interval_median_s or 0.0, stats.interval_p95_s or 0.0
    losses = [100 * (mine / base - 1) for mine, base in zip(with_sampler, without, strict=True)]
    low, _, high = statistics.quantiles(losses, n=4)
    return "\n".join(
        [
            "# What the sampling thread costs",
            "",
            f"{len(losses)} pairs of {WORK_S:g} s of torch work, with and without sampling every "
            f"{INTERVAL_S * 1e3:g} ms, taking turns.",
            f"{MACHINE}.",
            "",
            "| | measured | quartiles | limit |",
            "|---|---:|---:|---:|",
            f"| work takes longer by | {statistics.median(losses):+.2f} % | {low:+.2f} to {high:+.2f} % "
            f"| {LOSS_LIMIT_PERCENT:g} % |",
            f"| interval, median | {median_s * 1e3:.1f} ms | | |",
            f"| interval, 95th percentile | {p95_s * 1e3:.1f} ms | | {P95_LIMIT_MS:g} ms |",
            "",
        ]
    )


def main() -> int:
    """Measure, print, write."""
    write("sampler_cost", table(*measure(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
