"""Rules about whose code the time is spent in."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Run, Summary
from ..labels import clean, step_title
from ..units import format_seconds
from .entry import LEAST_S, Advice, ran

FOREIGN_SHARE = 0.25


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
            text=(
                f"{step_title(step)} takes {format_seconds(total_s)}, of which {format_seconds(spent_s)} are "
                f"in code of {name}, which this node does not belong to: that pack hooks into it. Run it "
                f"once with {name} disabled to see what it costs; if it is not meant to, update it, or "
                "report it with the bundle of this run."
            ),
            node_ids=(step.node_id,),
            evidence={"foreign_time_s": spent_s, "exec_time": total_s, "foreign_pack": pack},
            saving_s=spent_s,
        )
