"""The report as plain text: the same facts as the picture, aligned for a fixed-width font.

The node's name stands last in its row, so that names in wide or unknown letters
cannot push a number out of its column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..analysis.groups import GroupTotal
from ..analysis.labels import clean, rounds, shorten, step_title
from ..analysis.ranking import did_not_run, time_share
from ..analysis.units import (
    NOT_AVAILABLE,
    Scale,
    bytes_scale,
    format_energy,
    format_seconds,
    seconds_scale,
)
from ..language import date_time, grouped, msg, speaking, t, tn
from ..model import Step, Summary
from .columns import DETAILS, Column, known
from .inside import Inside
from .report import Report
from .story import event_lines, story

Escape = Callable[[str], str]
WIDTH = 108
"""No line is wider than this many characters."""
_EXPENDABLE = (
    "RAM change",
    "CPU time",
    "energy",
    "GPU load",
    "model loading",
    "RAM peak",
    "self time",
    "other packs",
)
"""Left out in this order where the names would get too little room."""
_NAME_WIDTH = 40
_STATUS = {
    "success": msg("success"),
    "partial": msg("partial"),
    "failed": msg("failed"),
    "interrupted": msg("interrupted"),
    "crashed": msg("crashed"),
    "running": msg("running"),
    "ok": msg("ok"),
    "error": msg("error"),
    "cached": msg("cached"),
    "skipped": msg("skipped"),
}
_MARKS = {"error": msg("FAILED"), "interrupted": msg("STOPPED"), "running": msg("RUNNING")}


def render(report: Report) -> str:
    """The report as text, ending in a line break."""
    with speaking(report.options.language):
        parts = [heading(report)]
        if report.summary.node_count:
            parts.append(node_table(report.summary, report.options.top_n))
        if inside := inside_lines(report.inside):
            parts.append("\n".join(inside))
        if report.totals:
            parts.append(group_table(report.totals))
        if events := event_lines(report.run.events):
            parts.append("\n".join(shorten(line, WIDTH) for line in events))
        parts.append(foot(report))
    return "\n\n".join(parts) + "\n"


def heading(report: Report) -> str:
    """The answer, and which run it is about."""
    run, summary = report.run, report.summary
    facts = [
        shorten(report.name, 60),
        t("run {id}", id=run.id) if run.id is not None else "",
        date_time(run.timestamp) + " UTC",
    ]
    facts.append(status_word(run.status) if run.status != "running" else "")
    if run.cold is not None:
        facts.append(t("cold start") if run.cold else t("warm start"))
    facts.append(t("forced") if run.forced else "")
    facts.append(t("workflow changed") if run.snapshot_match == "mismatch" else "")
    lines = [
        *wrapped(summary.headline),
        *wrapped(summary.detail),
        *wrapped(report.against),
        *wrapped(" · ".join(fact for fact in facts if fact)),
        *wrapped(story(run)),
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
    headings = ["#", _heading(t("active time"), scale.unit), _heading(t("share"), "%")]
    headings += [_heading(column.heading, unit.unit) for column, unit in zip(columns, scales, strict=True)]
    rows = []
    for number, step in enumerate(shown, start=1):
        row = [str(number), _number(step.exec_time, scale), _percent(time_share([step], summary.total_time))]
        row += [_cell(column, step, unit) for column, unit in zip(columns, scales, strict=True)]
        mark = f"{t(_MARKS[step.status])} " if step.status in _MARKS else ""
        rows.append([*row, mark + escape(_name(step))])
    rows += [
        [
            "",
            status_word(step.status),
            *[""] * (len(headings) - 2),
            escape(_resting(step)),
        ]
        for step in resting
    ]
    hidden = len(ran) - len(shown)
    if hidden:
        rest = ran[len(shown) :]
        share = _percent(time_share(rest, summary.total_time))
        row = ["", _number(sum(step.exec_time or 0.0 for step in rest), scale), share, *[""] * len(columns)]
        rows.append([*row, tn("{n} more node|{n} more nodes", hidden)])
    if len(idle) > len(resting):
        forms = msg("{n} more node that did not run|{n} more nodes that did not run")
        rows.append(["", *[""] * (len(headings) - 1), tn(forms, len(idle) - len(resting))])
    sum_s = sum(step.exec_time or 0.0 for step in ran)
    tops = [_top(column, ran, unit) for column, unit in zip(columns, scales, strict=True)]
    if ran:
        last = ["", _number(sum_s, scale), _percent(time_share(ran, summary.total_time)), *tops]
        rows.append([*last, tn("total of {n} node|total of {n} nodes", len(ran))])
    return _tabulate(rows, [*headings, t("node")], tablefmt)


def inside_lines(inside: Inside) -> list[str]:
    """The costliest functions of the slowest node, whose code took the time, and operators."""
    lines = []
    if inside.functions:
        lines.append(inside.heading)
        for seconds, share, name, where in inside.function_rows:
            lines.append(f"{seconds:>9}  {share:>5}  {shorten(name, 40)}{f'  ({where})' if where else ''}")
    lines += [part for line in inside.foreign_lines for part in wrapped(line, indent="  ")]
    if inside.owner_line:
        lines += wrapped(inside.owner_line, indent="  ")
    for node in inside.kernels:
        rows = inside.kernel_rows(node)
        width = 13 if any(gpu for _, gpu, *_ in rows) else 0
        lines.append(inside.kernel_heading(node))
        lines += [f"{cpu:>13}  {gpu:>{width}}{calls:>11}  {name}" for cpu, gpu, calls, name in rows]
    return [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines]


def group_table(totals: Sequence[GroupTotal], tablefmt: str = "simple", escape: Escape = str) -> str:
    """One line a group. ``escape`` is put on every name."""
    time = seconds_scale(entry.exec_time for entry in totals)
    memory = bytes_scale(value for entry in totals for value in (entry.vram_max, entry.ram_max_bytes))
    vram = any(entry.vram_max is not None for entry in totals)
    ram = any(entry.ram_max_bytes is not None for entry in totals)
    energy = any(entry.energy_joules is not None for entry in totals)
    headings = [t("nodes"), _heading(t("active time"), time.unit), _heading(t("share"), "%")]
    headings += [_heading(t("wall time"), time.unit)]
    headings += [_heading(t("VRAM peak"), memory.unit)] * vram + [_heading(t("RAM peak"), memory.unit)] * ram
    some = any(0 < entry.energy_count < entry.executed_count for entry in totals)
    headings += [_heading(t("energy"), t("J, of nodes") if some else "J")] * energy
    rows = []
    for entry in totals:
        row = [str(entry.node_count), _number(entry.exec_time, time)]
        row.append(_percent(entry.share))
        row.append(_number(entry.wall_time_s, time))
        row += [_number(entry.vram_max, memory)] * vram + [_number(entry.ram_max_bytes, memory)] * ram
        row += [_joules(entry)] * energy
        rows.append([*row, escape(shorten(clean(entry.name), 40)) or t("(no name)")])
    return _tabulate(rows, [*headings, t("group")], tablefmt)


def foot(report: Report) -> str:
    """Warnings, energy, method and what is missing."""
    notes = report.notes
    lines = [f"! {text}" for text in notes.warnings]
    if report.run.energy_joules is not None:
        lines.append(t("energy: {energy}", energy=format_energy(report.run.energy_joules)))
    lines += notes.lines[len(notes.warnings) :]
    vram = " " + t("VRAM is this process's.") if report.summary.vram_peak is not None else ""
    lines.append(t("1 GB is 1024 MB.") + vram)
    return "\n".join(part for line in lines for part in wrapped(line, indent="  "))


def wrapped(text: str, indent: str = "") -> list[str]:
    """``text`` in lines of :data:`WIDTH`."""
    import textwrap

    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _tabulate(rows: list[list[str]], headings: list[str], tablefmt: str) -> str:
    from tabulate import tabulate

    # With the columns after their names on as few lines as there are, the unit in the last of them.
    if tablefmt == "simple":
        tallest = max(text.count("\n") for text in headings)
        headings = ["\n" * (tallest - text.count("\n")) + text for text in headings]
    else:
        headings = [text.replace("\n", " ") for text in headings]
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


def status_word(status: str) -> str:
    """A run's or a node's status as people read it; an unknown one as it is."""
    return t(_STATUS[status]) if status in _STATUS else status


def _heading(name: str, unit: str) -> str:
    first, _, second = name.partition(" ")
    return f"{first}\n{second}\n({unit})" if second else f"{first}\n({unit})"


def _columns(steps: Sequence[Step], tablefmt: str) -> list[Column]:
    """The columns that have a value anywhere, and for text only as many as fit."""
    columns = known(DETAILS, steps)
    if tablefmt != "simple":
        return columns
    room = WIDTH - _NAME_WIDTH - 24
    for name in _EXPENDABLE:
        if sum(_width(column, steps) for column in columns) <= room:
            break
        columns = [column for column in columns if column.name != name]
    return columns


def _width(column: Column, steps: Sequence[Step]) -> int:
    scale = _scale(column, steps)
    cells = [_cell(column, step, scale) for step in steps]
    return 2 + max(
        len(cell)
        for cell in [*cells, *(part + "  " for part in _heading(column.heading, scale.unit).split("\n"))]
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
        if not text.strip("0.,") or text.startswith("<"):
            return "±0"
        return ("+" if value > 0 else "-") + text
    if column.kind in ("percent", "joules"):
        return grouped(value)
    return _number(value, scale)


def _top(column: Column, steps: Sequence[Step], scale: Scale) -> str:
    values = [value for step in steps if (value := column.read(step)) is not None]
    if not values or column.kind == "percent":
        return ""
    if column.kind in ("seconds", "joules"):
        value = sum(values)
        return _number(value, scale) if column.kind == "seconds" else grouped(value)
    return "" if column.kind == "change" else _number(max(values), scale)


def _number(value: float | None, scale: Scale) -> str:
    if value is None:
        return NOT_AVAILABLE
    digits = {"s": 2, "ms": 1, "min": 2, "h": 2, "GB": 2}.get(scale.unit, 0)
    scaled = value / scale.factor
    if 0 < scaled < 0.5 * 10**-digits:
        return f"<{grouped(10**-digits, digits)}"
    return grouped(scaled, digits)


def _percent(share: float | None) -> str:
    return NOT_AVAILABLE if share is None else grouped(share * 100, 1)


def _joules(entry: GroupTotal) -> str:
    if entry.energy_joules is None:
        return NOT_AVAILABLE
    of = (
        f" ({entry.energy_count}/{entry.executed_count})" if entry.energy_count < entry.executed_count else ""
    )
    return f"{grouped(entry.energy_joules)}{of}"


def _name(step: Step) -> str:
    title, kind = shorten(step_title(step), 40), clean(step.node_type)
    plain = kind.replace(" ", "").casefold() == title.replace(" ", "").casefold()
    return f"#{step.node_id} {title}{rounds(step)}" + ("" if plain or not kind else f" [{shorten(kind, 30)}]")


def _resting(step: Step) -> str:
    if step.previous_exec_time_s is None:
        return _name(step)
    return f"{_name(step)}, {previous_time(step)}"


def previous_time(step: Step) -> str:
    """What a node that did not run took last time."""
    took = format_seconds(step.previous_exec_time_s)
    if step.previous_run_id is None:
        return t("took {time}", time=took)
    return t("took {time} in run {id}", time=took, id=step.previous_run_id)
