"""How often conclusions from several runs are right, on planted truths.

Rates come from thousands of made-up histories with fixed seeds. ``python -m metrics.conclusions`` prints
a table and writes ``metrics/results/conclusions.md``; it ends with 1 where a rate misses its claim.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.planted import comparisons, trends
from tests.planted.trends import MB

from .result import MACHINE, write

Rate = tuple[str, float, str, bool]
"""What, the share, the claim, and whether it holds."""


def rates() -> list[Rate]:
    """Every claim on a planted truth."""
    found: list[Rate] = []

    def claim(what: str, share: float, least: float | None = None, most: float | None = None) -> None:
        parts = [f">= {least:.1%}"] if least is not None else []
        parts += [f"<= {most:.1%}"] if most is not None else []
        good = (least is None or share >= least) and (most is None or share <= most)
        found.append((what, share, " and ".join(parts), good))
        print(f"{'ok  ' if good else 'MISS'} {share:7.2%}  {what}", flush=True)

    changed = comparisons.changes
    for runs in (2, 3, 4, 5, 8, 20, 40):
        one = comparisons.verdicts(runs, histories=20_000, baseline=runs, candidate=runs)
        claim(f"false change verdicts, {runs} against {runs}, 5 % noise", changed(one), most=0.05)
    for before, after in ((5, 1), (3, 9), (20, 3)):
        one = comparisons.verdicts(9, histories=20_000, baseline=before, candidate=after, history=20)
        claim(f"the same, {before} against {after}, 20 earlier runs known", changed(one), most=0.05)
    for runs, spread in ((2, 0.0), (5, 0.0), (2, 0.7), (5, 0.7)):
        many = comparisons.many_nodes(1, comparisons=1_500, nodes=60, runs=runs, spread=spread)
        alike = "alike" if not spread else "not alike"
        claim(
            f"comparisons of {runs} equal runs a side with any of 60 nodes, {alike} in noise, called changed",
            many.any_false,
            most=0.06,
        )
    for spread, least in ((0.0, 0.35), (0.7, 0.32)):
        many = comparisons.many_nodes(
            2, comparisons=1_500, nodes=30, runs=5, spread=spread, changed=3, change=0.1
        )
        alike = "alike" if not spread else "not alike"
        claim(f"10 % seen in 3 of 30 nodes, {alike} in noise, 5 against 5", many.seen, least)
        claim("false ones among these verdicts", many.false, most=0.05)
    five: dict[str, Any] = {"histories": 20_000, "baseline": 5, "candidate": 5}
    claim("20 % seen, 5 against 5, 5 % noise", changed(comparisons.verdicts(1, **five, change=0.2)), 0.95)
    outlier = comparisons.verdicts(1, **five, change=0.2, outlier=3.0)
    claim("the same with one outlier of 3 times", changed(outlier), 0.95)
    known = comparisons.verdicts(1, **five, change=0.1, history=20)
    claim("10 % seen, 5 against 5, 20 earlier runs known", changed(known), 0.8)
    claim("10 % seen, 5 against 5, no history", changed(comparisons.verdicts(1, **five, change=0.1)), 0.7)
    eight = comparisons.verdicts(1, histories=20_000, baseline=8, candidate=8, change=0.1)
    claim("10 % seen, 8 against 8, no history", changed(eight), 0.9)
    claim("10 % slower at run 50 of 100 dated within 3 runs", trends.dated(1, workflows=400, at=50), 0.9)
    share = trends.dated(2, workflows=400, at=50, outlier=True)
    claim("the same with one outlier of 3 times, one change found", share, 0.9)
    claim("10 % slower at run 95 of 100 dated within 3 runs", trends.dated(3, workflows=400, at=95), 0.5)
    for nodes, runs, noise in ((20, 30, 0.05), (100, 40, 0.05), (10, 100, 0.2)):
        share = trends.false_changes(4, workflows=400, nodes=nodes, runs=runs, noise=noise)
        claim(f"quiet workflows of {nodes} nodes and {runs} runs with any change", share, most=0.015)
    planted: dict[str, Any] = {"runs": 20, "nodes": 10, "bytes_per_run": 20 * MB, "noise": 50 * MB}
    leak = trends.leaks_found(5, workflows=500, leaking=4, **planted)
    claim("20 MB a run under 50 MB noise found by 20 runs", leak["found"], 0.9)
    claim("its node blamed", leak["blamed"], 0.9)
    claim("another node accused", leak["innocent"], most=0.01)
    for what, more in (
        ("noise at every boundary", {"shared_noise": False}),
        ("500 MB taken by one node and given back by another", {"swing": 500 * MB}),
    ):
        hidden = trends.leaks_found(6, workflows=500, leaking=4, **planted, **more)
        claim(f"the leak found with {what}", hidden["found"], 0.9)
        claim(f"an innocent node accused with {what}", hidden["innocent"], most=0.01)
        quiet = trends.leaks_found(7, workflows=500, leaking=None, **planted, **more)
        claim(f"a leak claimed where there is none, {what}", quiet["found"], most=0.01)
    for runs in (5, 10, 20, 50):
        share = trends.band_holds(8, workflows=1_000, runs=runs)
        claim(f"next runs inside the 90 % band, {runs} runs known", share, 0.85, 0.95)
    return found


def main() -> int:
    found = rates()
    lines = ["# Conclusions from several runs", "", f"{MACHINE}.", ""]
    lines += ["| planted truth | share | claim |", "|---|---:|---|"]
    for what, share, claim, holds in found:
        lines.append(f"| {what} | {share:.2%} | {claim}{'' if holds else ' **missed**'} |")
    write("conclusions", "\n".join([*lines, ""]))
    return 0 if all(holds for *_, holds in found) else 1


if __name__ == "__main__":
    sys.exit(main())
