"""Rules about where the time of a run goes. Each speaks only where its quantity was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...language import msg, sentences, t
from ...model import Run, Step, Summary
from ..labels import clean, step_title
from ..spread import known
from ..summary import loads_models
from ..units import format_percent, format_seconds
from .entry import LEAST_S, Advice, name_of, ran

IDLE_SHARE = 0.4
LOADING_SHARE = 0.25
FOREIGN_SHARE = 0.25

_SAMPLER = re.compile(r"sampler", re.IGNORECASE)


def loading(run: Run, summary: Summary) -> Iterable[Advice]:
    """Loading models takes a good part of the run."""
    total = summary.total_time
    loaders = [(step, spent) for step in ran(run) if (spent := _load_time(step))]
    spent_s = sum(spent for _, spent in loaders)
    if not total or spent_s < LOADING_SHARE * total or spent_s < LEAST_S:
        return
    parts = (
        t(
            "Loading models takes {time}, {share} of this run.",
            time=format_seconds(spent_s),
            share=format_percent(spent_s / total),
        ),
        t("They stay loaded as long as memory allows: run it twice to see the time without loading.")
        if run.cold
        else t("Some were not loaded any more: run it twice to see the time without loading."),
        t(
            "If every run loads again, the models do not fit together: use smaller ones (fp8, GGUF), or "
            "change fewer of them between runs. Models on an SSD load several times faster than on a "
            "hard disk."
        ),
    )
    yield Advice(
        kind="model_loading",
        severity="medium" if run.cold else "high",
        text=sentences(parts),
        node_ids=tuple(step.node_id for step, _ in loaders),
        evidence={"load_time_s": spent_s, "total_time": total, "cold": run.cold},
        saving_s=spent_s,
    )


def _load_time(step: Step) -> float | None:
    """As the host marked it; a loader without marks spent all its time loading."""
    return step.load_time_s or (step.exec_time if loads_models(step) else None)


def offloading(run: Run, summary: Summary) -> Iterable[Advice]:
    """Models are moved out of GPU memory to make room."""
    spent_s = sum(known(step.offload_time_s for step in ran(run)))
    if summary.total_time and spent_s >= LEAST_S and spent_s >= 0.1 * summary.total_time:
        yield Advice(
            kind="offloading",
            severity="medium",
            text=t(
                "Moving models out of GPU memory takes {time}. They do not fit beside each other: a smaller "
                "model or text encoder, or a smaller image, avoids it.",
                time=format_seconds(spent_s),
            ),
            node_ids=tuple(step.node_id for step in ran(run) if step.offload_time_s),
            evidence={"offload_time_s": spent_s, "total_time": summary.total_time},
            saving_s=spent_s,
        )


def gpu_idle(run: Run, summary: Summary) -> Iterable[Advice]:
    """The GPU waits for something."""
    idle, total = summary.idle, summary.total_time
    if idle is None or not total or idle.share < IDLE_SHARE or idle.share * total < LEAST_S:
        return
    if idle.loading_share > 0.5:
        reason = t("Most of that passes while models are loaded.")
    elif idle.node_id and idle.node_share > 0.3:
        reason = t(_what_it_does(run, idle.node_id), node=name_of(run, idle.node_id))
    else:
        reason = t("It is spread over many nodes.")
    yield Advice(
        kind="gpu_idle",
        severity="medium",
        text=sentences(
            (
                t(
                    "The GPU has nothing to do for {share} of the run ({time}).",
                    share=format_percent(idle.share),
                    time=format_seconds(idle.share * total),
                ),
                reason,
                t("A faster GPU would not help there."),
            )
        ),
        node_ids=(idle.node_id,) if idle.node_id else (),
        evidence={"idle_share": idle.share, "loading_share": idle.loading_share, "total_time": total},
        saving_s=idle.share * total * (1.0 - idle.loading_share),
    )


def _what_it_does(run: Run, node_id: str) -> str:
    """What a node does while the GPU idles, as far as it was measured."""
    steps = [step for step in run.steps if step.node_id == node_id]
    spent = sum(known(step.exec_time for step in steps))
    waited = sum(
        part.end_s - part.start_s for step in steps for part in step.segments if part.kind == "async"
    )
    if spent and waited > 0.5 * spent:
        return msg(
            "Most of it is in {node}, which waits for an answer, as nodes that call an online service do."
        )
    measured = [step.cpu_seconds for step in steps if not step.shared]
    if not spent or not known(measured):
        return msg("Most of it is in {node}, which does not use it.")
    if sum(known(measured)) > 0.5 * spent:
        return msg("Most of it is in {node}, which works on the CPU.")
    return msg("Most of it is in {node}, which waits for the disk or the network.")


def sampling(run: Run, summary: Summary) -> Iterable[Advice]:
    """A sampler takes most of the run: what a step less saves."""
    total = summary.total_time
    for step in ran(run):
        spent = step.exec_time
        if not (total and spent and step.sampler_steps and step.sampler_step_median_s):
            continue
        if not _SAMPLER.search(step.node_type) or spent < 0.5 * total or spent < LEAST_S:
            continue
        yield Advice(
            kind="sampling",
            severity="low",
            text=t(
                "{node} is where the time goes: {n} steps of {time} each, {share} of the run. Each step "
                "less saves {time}.",
                node=step_title(step),
                n=step.sampler_steps,
                time=format_seconds(step.sampler_step_median_s),
                share=format_percent(spent / total),
            ),
            node_ids=(step.node_id,),
            evidence={
                "exec_time": spent,
                "total_time": total,
                "sampler_steps": step.sampler_steps,
                "sampler_step_median_s": step.sampler_step_median_s,
            },
        )


def own_cost(run: Run, summary: Summary) -> Iterable[Advice]:
    """Measuring takes more of the run than it should."""
    share = summary.overhead_share
    if share is not None and share > 0.05 and summary.overhead_s > 0.05:
        yield Advice(
            kind="profiler_cost",
            severity="low",
            text=t(
                "Measuring itself took {share} of this run. Set the timing of Profiler Start to light, or "
                "its interval to 200 ms or more.",
                share=format_percent(share),
            ),
            evidence={"overhead_s": summary.overhead_s, "overhead_share": share},
            saving_s=summary.overhead_s,
        )


def foreign_code(run: Run, summary: Summary) -> Iterable[Advice]:
    """Another pack's code takes a good part of a node, as packs that patch ComfyUI or each other do."""
    for step in ran(run):
        spent_s, total_s, pack = step.foreign_time_s, step.exec_time, step.foreign_pack
        if not (spent_s and total_s and pack) or spent_s < LEAST_S or spent_s < FOREIGN_SHARE * total_s:
            continue
        name = clean(pack)
        yield Advice(
            kind="foreign_code",
            severity="high" if spent_s > 0.5 * total_s else "medium",
            text=t(
                "{node} takes {time}, of which {part} are in code of {pack}, which this node does not "
                "belong to: that pack hooks into it. Run it once with {pack} disabled to see what it "
                "costs; if it is not meant to, update it, or report it with the bundle of this run.",
                node=step_title(step),
                time=format_seconds(total_s),
                part=format_seconds(spent_s),
                pack=name,
            ),
            node_ids=(step.node_id,),
            evidence={"foreign_time_s": spent_s, "exec_time": total_s, "foreign_pack": pack},
            saving_s=spent_s,
        )
