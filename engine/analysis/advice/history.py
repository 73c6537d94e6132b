"""Rules that need several runs of one workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...model import Run, Step
from ..labels import step_title
from ..leaks import Leak
from ..spread import known
from ..trends import Trends
from ..units import format_bytes, format_percent, format_seconds
from .entry import LEAST_S, Advice, Thresholds, ran

REPEATED_RUNS = 3
SLOWER_SHARE = 0.1
LEAST_RUNS_OF_RATE = 5

_ENCODER = re.compile(r"text.*encode|encode.*text|conditioning", re.IGNORECASE)


def repeated_work(run: Run, earlier: Sequence[Run]) -> Iterable[Advice]:
    """Nodes that did the same work, from the same inputs, in every one of the last runs."""
    runs = [run, *(other for other in earlier if other.settings.cache == "keep")][:REPEATED_RUNS]
    if run.settings.cache != "keep" or len(runs) < REPEATED_RUNS:
        return
    for step in ran(run):
        spent = step.exec_time or 0.0
        if not step.inputs_hash or spent < 0.2 or spent < 0.03 * (run.total_time or 0.0):
            continue
        before = [_same_work(other, step) for other in runs[1:]]
        if not all(before):
            continue
        again = "the text" if _ENCODER.search(step.node_type) else "its inputs"
        yield Advice(
            kind="text_encoded_again" if _ENCODER.search(step.node_type) else "never_cached",
            severity="medium" if spent >= LEAST_S else "low",
            confidence="medium",
            text=(
                f"{step_title(step)} ran again in {len(runs)} runs in a row although {again} did not change, "
                f"for {format_seconds(spent)} each time. Either it or a node before it asks to run every "
                "time, another workflow ran in between, or ComfyUI's cache is full or switched off."
            ),
            node_ids=(step.node_id,),
            evidence={
                "exec_time": spent,
                "run_ids": [other.id for other in runs],
                "inputs_hash": step.inputs_hash,
            },
            saving_s=spent,
        )


def _same_work(run: Run, step: Step) -> bool:
    return any(
        other.node_id == step.node_id and other.inputs_hash == step.inputs_hash and other.status == "ok"
        for other in run.measured_steps
    )


def slower(history: Trends) -> Iterable[Advice]:
    """The workflow has become slower, suddenly or bit by bit."""
    points = [point for point in history.change_points if point.metric == "total_time"]
    if points and points[-1].share >= SLOWER_SHARE:
        point = points[-1]
        causes = "; ".join(cause.detail for cause in point.causes[:3])
        yield Advice(
            kind="slower",
            severity="medium",
            text=(
                f"This workflow takes {format_percent(point.share)} longer since run {point.run_id} "
                f"({format_seconds(point.before)} before, {format_seconds(point.after)} now). "
                + (f"What changed there: {causes}." if causes else "Nothing that is recorded changed there.")
            ),
            confidence="high" if len(point.causes) == 1 else "medium",
            run_id=point.run_id,
            evidence={
                "run_id": point.run_id,
                "before_s": point.before,
                "after_s": point.after,
                "causes": [cause.detail for cause in point.causes],
            },
        )
        return
    trend = history.totals["total_time"]
    count = len(known(trend.values))
    if trend.is_certain and trend.change_share is not None and trend.change_share >= SLOWER_SHARE:
        yield Advice(
            kind="slower",
            severity="medium",
            text=(
                f"This workflow takes a little longer with every run: {format_percent(trend.change_share)} "
                f"over {count} runs, about {format_seconds(trend.slope_per_run)} a run. Restart ComfyUI and "
                "run it again: if it is as fast as at first, something fills up while it runs."
            ),
            evidence={
                "slope_s_per_run": trend.slope_per_run,
                "change_share": trend.change_share,
                "run_count": count,
            },
        )


def leaking(leak: Leak) -> Advice:
    """A node that keeps memory, run after run."""
    place = "GPU memory" if leak.kind == "vram" else "RAM"
    if leak.node_title:
        who = f"{leak.node_title} keeps"
        cure = "an update of that node's pack may cure it"
    else:
        who = "ComfyUI keeps"
        cure = "which node it is cannot be told from these runs"
    return Advice(
        kind=f"{leak.kind}_leak",
        severity="high",
        text=(
            f"{who} about {format_bytes(leak.bytes_per_run)} of {place} in every run and "
            f"does not give it back: {format_bytes(leak.total_bytes)} over {len(leak.run_ids)} runs. "
            f"Restarting ComfyUI frees it; {cure}."
        ),
        node_ids=(leak.node_id,) if leak.node_id else (),
        evidence={
            "bytes_per_run": leak.bytes_per_run,
            "total_bytes": leak.total_bytes,
            "run_ids": list(leak.run_ids),
        },
    )


def often_failing(history: Trends, limits: Thresholds) -> Iterable[Advice]:
    """Many runs of the workflow do not end well."""
    if history.failed_in_a_row >= limits.failures_in_a_row:
        yield Advice(
            kind="fails_again",
            severity="high",
            text=(
                f"The last {history.failed_in_a_row} runs of this workflow did not end well. Trying again as "
                "it is will not help: compare a failed run with the last one that worked."
            ),
            evidence={"failed_in_a_row": history.failed_in_a_row},
            run_id=history.runs[-1]["id"] if history.runs else None,
        )
        return
    rate = history.success_rate
    if rate is not None and rate < limits.success_rate and history.finished_count >= LEAST_RUNS_OF_RATE:
        yield Advice(
            kind="often_fails",
            severity="medium",
            text=(
                f"Only {format_percent(rate)} of the last {history.finished_count} runs of this workflow "
                "ended well. Filter the history by status to see what the others have in common."
            ),
            evidence={"success_rate": rate, "run_count": history.finished_count},
        )
