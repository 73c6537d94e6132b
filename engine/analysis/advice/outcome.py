"""Rules about runs that did not end well, and about runs as a whole."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from ...language import sentences, stored, t
from ...model import Run, Summary
from ...workflow.sizes import sizes
from ..labels import clean, shorten, step_title
from ..pairing import pair
from ..spread import known
from ..units import format_bytes, format_percent, format_seconds
from ..versions import graph_of
from ..what_changed import what_changed
from .entry import LEAST_S, Advice, Thresholds, name_of, ran

DOMINATES = 0.6
OUTPUT_SHARE = 0.1
ERROR_WIDTH = 160

_MEMORY_ERROR = re.compile(r"out\s?of\s?memory|\bOOM\b|memoryerror", re.IGNORECASE)
_OUTPUT = re.compile(r"^(?:save|preview)|(?:save|preview)(?:image|video|animated)", re.IGNORECASE)
_SAMPLER = re.compile(r"sampler", re.IGNORECASE)


def out_of_memory(run: Run, earlier: Sequence[Run]) -> Iterable[Advice]:
    """The run died of memory: what was resident, what to free, and what worked before."""
    if run.status != "failed" or not _is_out_of_memory(run):
        return
    where = name_of(run, run.error_node_id)
    failed = next((step for step in run.steps if step.node_id == run.error_node_id), None)
    models = sorted(failed.models if failed else (), key=lambda model: -model.loaded_bytes)
    parts = [t("{node} ran out of memory.", node=where)]
    if models:
        named = ", ".join(f"{model.name} ({format_bytes(model.loaded_bytes)})" for model in models[:3])
        parts.append(
            t(
                "Loaded then: {models}. A smaller or quantised version of the largest frees most.",
                models=named,
            )
        )
    worked = _nearest_that_worked(run, earlier)
    if worked is not None:
        peak = max(known(step.vram_max for step in worked.measured_steps), default=None)
        parts.append(
            t("Run {id} worked with a peak of {size}.", id=worked.id, size=format_bytes(peak))
            if peak
            else t("Run {id} worked.", id=worked.id)
        )
        parts += _different(worked, run)
    elif not models:
        parts.append(t("Lower the batch size or the resolution, or use tiled VAE nodes."))
    yield Advice(
        kind="out_of_memory",
        severity="high",
        text=sentences(parts),
        node_ids=(run.error_node_id,) if run.error_node_id else (),
        evidence={
            "resident": {model.name: model.loaded_bytes for model in models},
            "worked_run_id": worked.id if worked else None,
        },
        run_id=worked.id if worked else None,
    )


def failed(run: Run, earlier: Sequence[Run]) -> Iterable[Advice]:
    """The run failed of something else than memory: where, and what was different when it worked."""
    if run.status != "failed" or _is_out_of_memory(run) or run.error_node_id is None:
        return
    worked = _nearest_that_worked(run, earlier)
    parts = [t("{node} failed: {error}.", node=name_of(run, run.error_node_id), error=_error(run))]
    if worked is not None:
        parts += [t("Run {id} worked.", id=worked.id), *_different(worked, run)]
    yield Advice(
        kind="failed",
        severity="high",
        text=sentences(parts),
        node_ids=(run.error_node_id,),
        evidence={"error_type": run.error_type, "worked_run_id": worked.id if worked else None},
        run_id=worked.id if worked else None,
    )


def _is_out_of_memory(run: Run) -> bool:
    return bool(_MEMORY_ERROR.search(f"{run.error_type} {run.error_message}"))


def _error(run: Run) -> str:
    """The error's first line, as far as it fits a sentence."""
    lines = (run.error_message or "").strip().splitlines() or [run.error_type or "?"]
    return shorten(clean(lines[0]), ERROR_WIDTH).rstrip(".")


def _nearest_that_worked(run: Run, earlier: Sequence[Run]) -> Run | None:
    """The earlier run that asked for most nearly as much; of equal ones the newest."""
    wanted = sizes(run.prompt or {})

    def distance(other: Run) -> float:
        had = sizes(other.prompt or {})
        return sum(abs(math.log(wanted[name] / had[name])) for name in wanted.keys() & had.keys())

    return min((other for other in earlier if other.status == "success"), key=distance, default=None)


def _different(worked: Run, run: Run) -> Iterable[str]:
    pairs = pair(graph_of(worked.prompt), graph_of(run.prompt))
    changes = what_changed({}, {}, prompts=(worked.prompt, run.prompt), pairs=pairs)
    if different := "; ".join(stored(change.detail) for change in changes[:3]):
        yield t("Different since: {changes}.", changes=different)


def long_run(run: Run, summary: Summary, limits: Thresholds) -> Iterable[Advice]:
    """The run takes long enough to be worth a trial at a smaller size."""
    total = summary.total_time
    if total is None or total < limits.long_run_s:
        return
    top = next((step for step in summary.ranking if step.exec_time), None)
    share = (top.exec_time or 0.0) / total if top else 0.0
    parts = [t("This run takes {time}.", time=format_seconds(total))]
    if top is not None:
        parts.append(t("{node} takes {share} of it.", node=step_title(top), share=format_percent(share)))
    parts.append(
        t("Try settings out at a smaller size or with fewer steps, and run it in full once they are right.")
    )
    yield Advice(
        kind="long_run",
        severity="low",
        text=sentences(parts),
        node_ids=(top.node_id,) if top else (),
        evidence={"total_time": total, "threshold_s": limits.long_run_s},
    )


def dominates(run: Run, summary: Summary) -> Iterable[Advice]:
    """One node, not a sampler, is most of the run."""
    total = summary.total_time
    for step in ran(run):
        spent = step.exec_time or 0.0
        if not total or spent < DOMINATES * total or spent < LEAST_S or _SAMPLER.search(step.node_type):
            continue
        if (step.load_time_s or 0.0) > 0.5 * spent:
            continue  # said by the rule on loading
        yield Advice(
            kind="dominates",
            severity="low",
            text=t(
                "{node} takes {share} of this run ({time}): nothing else is worth making faster before it.",
                node=step_title(step),
                share=format_percent(spent / total),
                time=format_seconds(spent),
            ),
            node_ids=(step.node_id,),
            evidence={"exec_time": spent, "total_time": total},
        )


def outputs_cost(run: Run, summary: Summary) -> Iterable[Advice]:
    """Saving and previewing take a good part of the run."""
    total = summary.total_time
    found = [step for step in ran(run) if _OUTPUT.search(step.node_type) and step.exec_time]
    spent = sum(known(step.exec_time for step in found))
    if not total or spent < LEAST_S or spent < OUTPUT_SHARE * total:
        return
    yield Advice(
        kind="outputs_cost",
        severity="low",
        text=t(
            "Saving and previewing take {time}, {share} of this run. Fewer previews, or a faster format "
            "than PNG for large batches, save some of it.",
            time=format_seconds(spent),
            share=format_percent(spent / total),
        ),
        node_ids=tuple(step.node_id for step in found),
        evidence={"exec_time": spent, "total_time": total},
        saving_s=spent,
    )
