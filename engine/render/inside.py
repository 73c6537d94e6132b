"""What a report says about the inside of nodes: functions, whose code they are, operators."""

from __future__ import annotations

from dataclasses import dataclass

from ..analysis.labels import clean, shorten, step_title
from ..analysis.stacks import FunctionTime, by_owner, top_functions
from ..analysis.units import format_percent, format_seconds
from ..language import grouped, t
from ..model import NodeKernels, Owner, Run, Step, Summary

FUNCTIONS = 3
OPERATORS = 12
OWNERS = 6
FOREIGN_SHARE = 0.2
"""A node that spends this part of its time in another pack's code is worth naming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """``functions`` are those of ``step``, the node that took longest. ``owners`` are seconds of the run."""

    step: Step | None = None
    functions: tuple[FunctionTime, ...] = ()
    owners: tuple[tuple[Owner, float], ...] = ()
    foreign: tuple[Step, ...] = ()
    kernels: tuple[NodeKernels, ...] = ()
    titles: dict[str, str]

    @property
    def heading(self) -> str:
        """Whose functions these are."""
        if self.step is None:
            return ""
        return t("inside {node} (#{id})", node=step_title(self.step), id=self.step.node_id)

    @property
    def function_rows(self) -> list[tuple[str, str, str, str]]:
        """Time, share, function, and where it is, of each of the functions."""
        return [
            (
                format_seconds(entry.time_s),
                format_percent(entry.share),
                clean(entry.function.name),
                place(entry),
            )
            for entry in self.functions
        ]

    @property
    def owner_line(self) -> str:
        """The run's time by owner in one line; empty where there is only one."""
        if len(self.owners) < 2:
            return ""
        shown = [f"{owner_name(owner)} {format_seconds(spent)}" for owner, spent in self.owners[:OWNERS]]
        if len(self.owners) > OWNERS:
            rest_s = sum(spent for _, spent in self.owners[OWNERS:])
            shown.append(t("others {time}", time=format_seconds(rest_s)))
        return t("time by code: {owners}", owners=" · ".join(shown))

    @property
    def foreign_lines(self) -> list[str]:
        """One sentence for each node that another pack takes much of."""
        return [
            t(
                "{node} (#{id}): {time}, of which {part} in {pack}",
                node=step_title(step),
                id=step.node_id,
                time=format_seconds(step.exec_time),
                part=format_seconds(step.foreign_time_s),
                pack=clean(step.foreign_pack or ""),
            )
            for step in self.foreign
        ]

    def kernel_heading(self, node: NodeKernels) -> str:
        """Whose operators these are, and how much recording slowed the node down."""
        title = self.titles.get(node.node_id, "").removesuffix(f" #{node.node_id}")
        return t("operators inside {node} (#{id})", node=title, id=node.node_id) + slowdown(node)

    def kernel_rows(self, node: NodeKernels) -> list[tuple[str, str, str, str]]:
        """CPU time, GPU time, calls, and name with shapes of each operator; empty what was not measured."""
        return [
            (
                _labelled("CPU", entry.self_cpu_s),
                _labelled("GPU", entry.self_device_s),
                f"{entry.calls:,}x",
                shorten(clean(entry.name), 60)
                + (f"  [{shorten(clean(entry.shapes), 40)}]" if entry.shapes else ""),
            )
            for entry in node.operators[:OPERATORS]
        ]


def inside_for(run: Run, summary: Summary) -> Inside:
    """What there is to say about the inside of a run's nodes."""
    steps = [step for step in run.measured_steps if step.exec_time]
    top = max(steps, key=lambda step: step.exec_time or 0.0, default=None)
    functions = top_functions(run.stacks, top.node_id, FUNCTIONS) if run.stacks is not None and top else ()
    foreign = [
        step
        for step in steps
        if step.foreign_time_s and step.foreign_time_s >= max(0.1, FOREIGN_SHARE * (step.exec_time or 0.0))
    ]
    return Inside(
        step=top if functions else None,
        functions=functions,
        owners=tuple(by_owner(run.owner_times).items()),
        foreign=tuple(sorted(foreign, key=lambda step: -(step.foreign_time_s or 0.0))[:5]),
        kernels=run.kernels,
        titles=dict(summary.names),
    )


def _labelled(label: str, seconds: float | None) -> str:
    return "" if seconds is None else f"{label} {format_seconds(seconds)}"


def place(entry: FunctionTime) -> str:
    """Where a function is and whose: ``comfy/samplers.py:120, ComfyUI``."""
    function = entry.function
    if not function.file:
        return ""
    return f"{clean(function.file)}:{function.line}, {owner_name(entry.owner)}"


def owner_name(owner: Owner) -> str:
    """What people call an owner."""
    return t("waiting for the GPU") if owner.kind == "gpu_wait" else clean(owner.name)


def slowdown(node: NodeKernels) -> str:
    """How much recording slowed the node down, as far as an earlier run tells; or how much was recorded."""
    if node.recorded_s is not None and node.exec_time is not None:
        return t(
            ": {part} of its {time} were recorded",
            part=format_seconds(node.recorded_s),
            time=format_seconds(node.exec_time),
        )
    if node.exec_time is None or not node.usual_s:
        return ""
    return t(
        ": {time} while recording, {usual} without (run {id}), {factor} times as long",
        time=format_seconds(node.exec_time),
        usual=format_seconds(node.usual_s),
        id=node.usual_run_id,
        factor=grouped(node.exec_time / node.usual_s, 1),
    )
