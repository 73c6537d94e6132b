"""The report as plain text: the same facts as the picture, aligned for a fixed-width font.

The node's name stands last in its row, so that names in wide or unknown letters
cannot push a number out of its column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..analysis.groups import GroupTotal, total
from ..analysis.labels import clean, shorten, step_title
from ..analysis.ranking import did_not_run, ram_change, vram_change
from ..analysis.soundness import sound
from ..analysis.summary import summarize
from ..analysis.units import (
    NOT_AVAILABLE,
    Scale,
    bytes_scale,
    format_count,
    format_energy,
    format_seconds,
    seconds_scale,
)
from ..model import Group, Run, Step, Summary
from .notes import Notes, notes_for

Escape = Callable[[str], str]
WIDTH = 108
"""No line is wider than this many characters."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers: ``kind`` is ``bytes``, ``change``, ``seconds``, ``percent`` or ``count``."""

    heading: str
    kind: str
    read: Callable[[Step], float | None]


COLUMNS = (
    Column("VRAM peak", "bytes", lambda step: step.vram_max),
    Column("VRAM kept", "change", vram_change),
    Column("RAM peak", "bytes", lambda step: step.ram_max_bytes),
    Column("RAM kept", "change", ram_change),
    Column("GPU load", "percent", lambda step: step.gpu_load_avg),
    Column("CPU time", "seconds", lambda step: step.cpu_seconds),
    Column("model loading", "seconds", lambda step: step.load_time_s),
    Column("energy", "joules", lambda step: step.energy_joules),
)
_EXPENDABLE = ("RAM kept", "CPU time", "energy", "GPU load", "model loading", "RAM peak")
"""Left out in this order where the names would get too little room."""
_NAME_WIDTH = 40
_MARKS = {"error": "FAILED ", "interrupted": "STOPPED ", "running": "RUNNING "}


def render(
    run: Run,
    *,
    title: str = "",
    sort_by: str = "self time",
    top_n: int = 10,
    groups: Sequence[Group] | None = None,
) -> str:
    """The report of ``run`` as text, ending in a line break; see :func:`chart.draw` for the rest."""
    run = sound(run)
    summary = summarize(run, sort_by)
    totals = total(run, run.groups if groups is None else groups)
    notes = notes_for(run, summary, totals)
    parts = [heading(run, summary, title)]
    if summary.node_count:
        parts.append(node_table(summary, top_n))
    if totals:
        parts.append(group_table(totals))
    parts.append(foot(summary, notes, run))
    return "\n\n".join(parts) + "\n"


def heading(run: Run, summary: Summary, title: str) -> str:
    """The answer, and which run it is about."""
    name = shorten(clean(title) or clean(run.name), 60)
    facts = [
        name,
        f"run {run.id}" if run.id is not None else "",
        run.timestamp[:19].replace("T", " ") + " UTC",
    ]
    facts.append(run.status if run.status != "running" else "")
    if run.cold is not None:
        facts.append("cold start" if run.cold else "warm start")
    facts.append("forced" if run.forced else "")
    facts.append("workflow changed" if run.snapshot_match == "mismatch" else "")
    lines = [
        *wrapped(summary.headline),
        *wrapped(summary.detail),
        *wrapped(" · ".join(fact for fact in facts if fact)),
    ]
    return "\n".join(line for line in lines if line)


def node_table(summary: Summary, top_n: int, tablefmt: str = "simple", escape: Escape = str) -> str:
    """The ranked nodes, those that did not run, and the total. ``escape`` is put on every name."""
    ran = [step for step in summary.ranking if not did_not_run(step)]
    idle = [step for step in summary.ranking if did_not_run(step)]
    shown = ran[:top_n] if top_n > 0 else ran
    resting = idle[: max(top_n, 3)] if top_n > 0 else idle
    scale = seconds_scale(step.exec_time for step in shown)
    columns = _columns(shown, tablefmt)
    scales = [_scale(column, shown) for column in columns]
    headings = ["\n\n#", f"self\ntime\n({scale.unit})", "\nshare\n(%)"]
    headings += [_heading(column, unit) for column, unit in zip(columns, scales, strict=True)]
    rows = []
    for number, step in enumerate(shown, start=1):
        row = [str(number), _number(step.exec_time, scale), _share(step.exec_time, summary.total_time)]
        row += [_cell(column, step, unit) for column, unit in zip(columns, scales, strict=True)]
        rows.append([*row, _MARKS.get(step.status, "") + escape(_name(step))])
    rows += [
        [
            "",
            "cached" if step.status == "cached" else "skipped",
            *[""] * (len(headings) - 2),
            escape(_resting(step)),
        ]
        for step in resting
    ]
    hidden = len(ran) - len(shown)
    if hidden:
        rest_s = sum(step.exec_time or 0.0 for step in ran[len(shown) :])
        row = ["", _number(rest_s, scale), _share(rest_s, summary.total_time), *[""] * len(columns)]
        rows.append([*row, format_count(hidden, "more node")])
    if len(idle) > len(resting):
        rows.append(
            [
                "",
                *[""] * (len(headings) - 1),
                f"{format_count(len(idle) - len(resting), 'more node')} that did not run",
            ]
        )
    sum_s = sum(step.exec_time or 0.0 for step in ran)
    tops = [_top(column, ran, unit) for column, unit in zip(columns, scales, strict=True)]
    if ran:
        last = ["", _number(sum_s, scale), _share(sum_s, summary.total_time), *tops]
        rows.append([*last, f"total of {format_count(len(ran), 'node')}"])
    return _tabulate(rows, [*headings, "\n\nnode"], tablefmt)


def group_table(totals: Sequence[GroupTotal], tablefmt: str = "simple", escape: Escape = str) -> str:
    """One line a group. ``escape`` is put on every name."""
    time = seconds_scale(entry.exec_time for entry in totals)
    memory = bytes_scale(value for entry in totals for value in (entry.vram_max, entry.ram_max_bytes))
    vram = any(entry.vram_max is not None for entry in totals)
    ram = any(entry.ram_max_bytes is not None for entry in totals)
    energy = any(entry.energy_joules is not None for entry in totals)
    headings = ["\n\nnodes", f"self\ntime\n({time.unit})", "\nshare\n(%)", f"wall\ntime\n({time.unit})"]
    headings += [f"VRAM\npeak\n({memory.unit})"] * vram + [f"RAM\npeak\n({memory.unit})"] * ram
    headings += ["\nenergy\n(J)"] * energy
    rows = []
    for entry in totals:
        row = [str(entry.node_count), _number(entry.exec_time, time)]
        row.append(_percent(entry.share))
        row.append(_number(entry.wall_time_s, time))
        row += [_number(entry.vram_max, memory)] * vram + [_number(entry.ram_max_bytes, memory)] * ram
        row += [NOT_AVAILABLE if entry.energy_joules is None else f"{entry.energy_joules:,.0f}"] * energy
        rows.append([*row, escape(shorten(clean(entry.name), 40)) or "(no name)"])
    return _tabulate(rows, [*headings, "\n\ngroup"], tablefmt)


def foot(summary: Summary, notes: Notes, run: Run) -> str:
    """Warnings, energy, method and what is missing."""
    lines = [f"! {text}" for text in notes.warnings]
    if run.energy_joules is not None:
        lines.append(f"energy: {format_energy(run.energy_joules)}")
    lines += notes.groups
    lines.append("measured: " + " · ".join(notes.measured))
    lines += [f"n/a: {text}" for text in notes.missing]
    lines.append("1 GB is 1024 MB." + (" VRAM is this process's." if summary.vram_peak is not None else ""))
    return "\n".join(part for line in lines for part in wrapped(line, indent="  "))


def wrapped(text: str, indent: str = "") -> list[str]:
    """``text`` in lines of :data:`WIDTH`."""
    import textwrap

    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _tabulate(rows: list[list[str]], headings: list[str], tablefmt: str) -> str:
    from tabulate import tabulate

    if tablefmt != "simple":
        headings = [text.replace("\n", " ").strip() for text in headings]
    align = ["right"] * (len(headings) - 1) + ["left"]
    text = tabulate(rows, headings, tablefmt=tablefmt, colalign=align, disable_numparse=True)
    lines = [line.rstrip() for line in str(text).splitlines()]
    if tablefmt != "simple":
        return "\n".join(lines)
    # The name comes last, so a name that is too long is the only thing that is cut.
    return "\n".join(
        line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" if line.strip("- ") else line[:WIDTH]
        for line in lines
    )


def _heading(column: Column, scale: Scale) -> str:
    first, _, second = column.heading.partition(" ")
    return f"{first}\n{second}\n({scale.unit})" if second else f"\n{first}\n({scale.unit})"


def _columns(steps: Sequence[Step], tablefmt: str) -> list[Column]:
    """The columns that have a value anywhere, and for text only as many as fit."""
    columns = [column for column in COLUMNS if any(column.read(step) is not None for step in steps)]
    if tablefmt != "simple":
        return columns
    room = WIDTH - _NAME_WIDTH - 24
    for heading in _EXPENDABLE:
        if sum(_width(column, steps) for column in columns) <= room:
            break
        columns = [column for column in columns if column.heading != heading]
    return columns


def _width(column: Column, steps: Sequence[Step]) -> int:
    scale = _scale(column, steps)
    cells = [_cell(column, step, scale) for step in steps]
    return 2 + max(
        len(cell) for cell in [*cells, *(part + "  " for part in _heading(column, scale).split("\n"))]
    )


def _scale(column: Column, steps: Sequence[Step]) -> Scale:
    values = [column.read(step) for step in steps]
    if column.kind in ("bytes", "change"):
        return bytes_scale([*values, 1024.0**2])
    if column.kind == "seconds":
        return seconds_scale(values)
    return Scale("%", 1.0) if column.kind == "percent" else Scale("J", 1.0)


def _cell(column: Column, step: Step, scale: Scale) -> str:
    value = column.read(step)
    if value is None:
        return NOT_AVAILABLE
    if column.kind == "change":
        text = _number(abs(value), scale)
        if not text.strip("0.") or text.startswith("<"):
            return "±0"
        return ("+" if value > 0 else "-") + text
    if column.kind in ("percent", "joules"):
        return f"{value:,.0f}"
    return _number(value, scale)


def _top(column: Column, steps: Sequence[Step], scale: Scale) -> str:
    values = [value for step in steps if (value := column.read(step)) is not None]
    if not values or column.kind == "percent":
        return ""
    if column.kind in ("seconds", "joules"):
        value = sum(values)
        return _number(value, scale) if column.kind == "seconds" else f"{value:,.0f}"
    return "" if column.kind == "change" else _number(max(values), scale)


def _number(value: float | None, scale: Scale) -> str:
    if value is None:
        return NOT_AVAILABLE
    digits = {"s": 2, "ms": 1, "min": 2, "h": 2, "GB": 2}.get(scale.unit, 0)
    number = value / scale.factor
    if 0 < number < 0.5 * 10**-digits:
        return f"<{10**-digits:.{digits}f}"
    return f"{number:,.{digits}f}"


def _share(seconds: float | None, total_time: float | None) -> str:
    return _percent(seconds / total_time if seconds is not None and total_time else None)


def _percent(share: float | None) -> str:
    return NOT_AVAILABLE if share is None else f"{share * 100:.1f}"


def _name(step: Step) -> str:
    title, kind = shorten(step_title(step), 40), clean(step.node_type)
    plain = kind.replace(" ", "").casefold() == title.replace(" ", "").casefold()
    return f"#{step.node_id} {title}" + ("" if plain or not kind else f" [{shorten(kind, 30)}]")


def _resting(step: Step) -> str:
    if step.previous_exec_time_s is None:
        return _name(step)
    run = f" in run {step.previous_run_id}" if step.previous_run_id is not None else ""
    return f"{_name(step)}, took {format_seconds(step.previous_exec_time_s)}{run}"
