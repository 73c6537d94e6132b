"""The top of the picture: the answer, the run it is about, and its key figures."""

from __future__ import annotations

from ...analysis.series import MACHINE_LOAD, find_series, mean
from ...analysis.units import format_capacity, format_energy, format_percent, format_seconds
from ...language import date_time, grouped, t
from ...model import Run, Summary
from ..report import Report
from ..table import status_word
from .canvas import LEFT, RIGHT, Canvas
from .theme import Theme

_STATUS_MARKS = {"failed": "✕ ", "crashed": "✕ ", "interrupted": "■ ", "partial": "! "}


def draw_answer(canvas: Canvas, theme: Theme, text: str) -> float:
    """The one line that a picture about several runs begins with; returns where it ended."""
    return canvas.paragraph(LEFT, 66.0, text, 34, theme.text, limit=RIGHT - LEFT, most=2, line=42, bold=True)


def draw_header(canvas: Canvas, theme: Theme, report: Report, top: float) -> float:
    """Draws from ``top`` down; returns where it ended."""
    run, summary = report.run, report.summary
    name, facts, marks = _run_lines(run, report.name)
    rows = [(text, size) for text, size in ((name, 21.0), (facts, 18.0), (marks, 18.0)) if text]
    side = 0.0
    for row, (text, size) in enumerate(rows):
        color = (
            theme.text if row == 0 and name else _status_color(theme, run) if text == marks else theme.muted
        )
        limit = 560 if text == facts else 420
        used = canvas.text(RIGHT, top + 34 + row * 30, text, size, color, align="right", limit=limit)
        side = max(side, used)
    side_bottom = top + 34 + len(rows) * 30 - 14
    room = RIGHT - LEFT - side - 48
    baseline = top + 38
    size, lines = _headline(canvas, summary.headline, room)
    for line in lines:
        canvas.text(LEFT, baseline, line, size, theme.text, bold=True)
        baseline += size * 1.22
    baseline += 2
    if canvas.measure(summary.detail, 22) > room and canvas.measure(summary.detail, 22) <= RIGHT - LEFT:
        baseline, room = max(baseline, side_bottom + 22), RIGHT - LEFT
    for text, color, most in ((summary.detail, theme.muted, 3), (report.against, theme.text, 2)):
        baseline = canvas.paragraph(LEFT, baseline, text, 22, color, limit=room, most=most, line=30)
    return max(baseline - 8, side_bottom)


def draw_figures(canvas: Canvas, theme: Theme, run: Run, summary: Summary, top: float) -> float:
    """The row of key figures; returns where it ended."""
    figures = key_figures(run, summary)
    if not figures:
        return top
    gap, height = 12.0, 82.0
    each = min(500.0, (RIGHT - LEFT - gap * (len(figures) - 1)) / len(figures))
    for column, (label, value, note) in enumerate(figures):
        left = LEFT + column * (each + gap)
        canvas.boxes([(left, top, left + each, top + height)], theme.panel)
        canvas.text(left + 16, top + 28, label, 17, theme.muted, limit=each - 28)
        size = 28.0 if canvas.measure(value, 28, True) <= each - 28 else 22.0
        used = canvas.text(left + 16, top + 64, value, size, theme.text, bold=True, limit=each - 28)
        if note and canvas.measure(note, 17) <= each - 42 - used:
            canvas.text(left + 26 + used, top + 64, note, 17, theme.muted)
    return top + height


def key_figures(run: Run, summary: Summary) -> list[tuple[str, str, str]]:
    """``(label, value, note)`` of what was measured; nothing that was not."""
    found = (
        [(t("run time"), format_seconds(summary.total_time), "")] if summary.total_time is not None else []
    )
    if summary.node_count:
        others = [t("{n} cached", n=grouped(summary.cached_count))] if summary.cached_count else []
        others += [t("{n} skipped", n=grouped(summary.skipped_count))] if summary.skipped_count else []
        others += [t("{n} failed", n=grouped(summary.error_count))] if summary.error_count else []
        found.append((t("nodes that ran"), grouped(summary.executed_count), " · ".join(others)))
    for peak in summary.vram_peaks[:2]:
        name = t("VRAM peak") + ("" if len(summary.vram_peaks) == 1 else f" · {peak.device}")
        found.append((name, format_capacity(peak.value_bytes, peak.capacity_bytes), ""))
    if summary.ram_peak is not None:
        ram = summary.ram_peak
        found.append((t("RAM peak"), format_capacity(ram.value_bytes, ram.capacity_bytes), ""))
    if summary.idle is not None:
        primary = run.primary_device
        label = t("GPU busy") + (f" · {primary.key}" if primary and len(run.devices) > 1 else "")
        found.append((label, format_percent(1 - summary.idle.share), t("of the time")))
    if summary.energy_joules is not None:
        found.append((t("energy"), format_energy(summary.energy_joules), ""))
    load = find_series(run, MACHINE_LOAD)
    if load is not None and len(load.t_s) > 2 and summary.idle is None:
        machine = mean(load, summary.total_time)
        if machine is not None:
            found.append((t("CPU load, whole machine"), format_percent(machine / 100), t("on average")))
    cpu = [step.cpu_seconds for step in run.measured_steps if step.cpu_seconds is not None]
    if cpu and len(found) < 6:
        found.append((t("CPU time"), format_seconds(sum(cpu)), ""))
    return found


def _headline(canvas: Canvas, text: str, room: float) -> tuple[float, list[str]]:
    for size in (42.0, 38.0, 34.0, 31.0):
        if canvas.measure(text, size, True) <= room:
            return size, [text]
    return 34.0, canvas.wrap(text, 34.0, room, 2, True)


def _run_lines(run: Run, name: str) -> tuple[str, str, str]:
    """Which run, when and how it began, and what is out of the ordinary about it."""
    run_number = t("run {id}", id=run.id) if run.id is not None else ""
    facts = [date_time(run.timestamp) + (" UTC" if run.timestamp.endswith("Z") else "")]
    marks = []
    if run.status == "success":
        facts.append(status_word(run.status))
    elif run.status != "running":
        marks.append(_STATUS_MARKS.get(run.status, "") + status_word(run.status))
    if run.cold is not None:
        facts.append(t("cold start") if run.cold else t("warm start"))
    if run.forced:
        marks.append(t("forced"))
    if run.snapshot_match == "mismatch":
        marks.append(t("workflow changed"))
    return " · ".join(part for part in (name, run_number) if part), " · ".join(facts), " · ".join(marks)


def _status_color(theme: Theme, run: Run) -> str:
    return theme.bad if run.status in ("failed", "crashed") else theme.warn
