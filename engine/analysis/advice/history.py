"""Rules that need several runs of one workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...language import msg, sentences, stored, t
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
        yield Advice(
            kind="text_encoded_again" if _ENCODER.search(step.node_type) else "never_cached",
            severity="medium" if spent >= LEAST_S else "low",
            confidence="medium",
            text=t(
                "{node} ran again in {n} runs in a row although its inputs did not change, for {time} each "
                "time. Either it or a node before it asks to run every time, another workflow ran in "
                "between, or ComfyUI's cache is full or switched off.",
                node=step_title(step),
                n=len(runs),
                time=format_seconds(spent),
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
        causes = "; ".join(stored(cause.detail) for cause in point.causes[:3])
        what = t(
            "This workflow takes {share} longer since run {id} ({before} before, {after} now).",
            share=format_percent(point.share),
            id=point.run_id,
            before=format_seconds(point.before),
            after=format_seconds(point.after),
        )
        why = (
            t("What changed there: {causes}.", causes=causes)
            if causes
            else t("Nothing that is recorded changed there.")
        )
        yield Advice(
            kind="slower",
            severity="medium",
            text=sentences((what, why)),
            confidence="high" if len(point.causes) == 1 else "medium",
            run_id=max((i for i in history.counted_ids if i < point.run_id), default=None),
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
            text=t(
                "This workflow takes a little longer with every run: {share} over {n} runs, about {time} a "
                "run. Restart ComfyUI and run it again: if it is as fast as at first, something fills up "
                "while it runs.",
                share=format_percent(trend.change_share),
                n=count,
                time=format_seconds(trend.slope_per_run),
            ),
            evidence={
                "slope_s_per_run": trend.slope_per_run,
                "change_share": trend.change_share,
                "run_count": count,
            },
        )


def leaking(leak: Leak) -> Advice:
    """A node that keeps memory, run after run."""
    if leak.kind == "vram":
        what = msg(
            "{node} keeps about {size} of GPU memory in every run and does not give it back: "
            "{total} over {n} runs."
        )
    else:
        what = msg(
            "{node} keeps about {size} of RAM in every run and does not give it back: {total} over {n} runs."
        )
    cure = (
        t("Restarting ComfyUI frees it; an update of that node's pack may cure it.")
        if leak.node_title
        else t("Restarting ComfyUI frees it; which node it is cannot be told from these runs.")
    )
    what = t(
        what,
        node=leak.node_title or "ComfyUI",
        size=format_bytes(leak.bytes_per_run),
        total=format_bytes(leak.total_bytes),
        n=len(leak.run_ids),
    )
    return Advice(
        kind=f"{leak.kind}_leak",
        severity="high",
        text=sentences((what, cure)),
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
            text=t(
                "The last {n} runs of this workflow did not end well. Trying again as it is will not help: "
                "compare a failed run with the last one that worked.",
                n=history.failed_in_a_row,
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
            text=t(
                "Only {share} of the last {n} runs of this workflow ended well. Filter the history by "
                "status to see what the others have in common.",
                share=format_percent(rate),
                n=history.finished_count,
            ),
            evidence={"success_rate": rate, "run_count": history.finished_count},
        )
