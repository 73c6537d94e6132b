"""A trend in words and as text: what the levels are, what changed and why, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis.change_points import LEAST_RUNS
from ..analysis.forecast import Forecast
from ..analysis.trends import ChangePoint, Trend, Trends
from ..analysis.units import format_bytes, format_count, format_percent
from . import comparison_words as words


@dataclass(frozen=True, slots=True)
class Selected:
    """One series of a trend: what it is called, its metric, and what was found in it."""

    title: str
    metric: str
    trend: Trend
    points: tuple[ChangePoint, ...]
    forecast: Forecast | None = None


def select(found: Trends, what: str, metric: str) -> Selected | None:
    """The series that ``what`` names: ``total``, a node's id or title, or a group's name; ``None`` for none.

    ``metric`` is one of time, vram, ram and energy.
    """
    wanted = what.strip() or "total"
    total_metric = {"vram": "vram_max", "ram": "ram_max_bytes", "energy": "energy_joules"}.get(
        metric, "total_time"
    )
    if wanted.casefold() == "total":
        points = tuple(
            one for one in found.change_points if one.node_id is None and one.metric == total_metric
        )
        name = words.NAMES[total_metric].capitalize()
        return Selected(
            name, total_metric, found.totals[total_metric], points, found.forecast.get(total_metric)
        )
    node_metric = "vram_max" if metric == "vram" else "exec_time"
    for node in found.nodes:
        if (
            wanted in (node.node_id, f"#{node.node_id}", node.node_type)
            or wanted.casefold() == node.node_title.casefold()
        ):
            points = tuple(
                one
                for one in found.change_points
                if one.node_id == node.node_id and one.metric == node_metric
            )
            trend = node.vram_max if metric == "vram" else node.exec_time
            return Selected(node.node_title, node_metric, trend, points)
    for group in found.groups:
        if group.name.casefold() == wanted.casefold():
            return Selected(f"Group {group.name}", "exec_time", group.exec_time, ())
    return None


def headline(found: Trends, chosen: Selected) -> str:
    """The answer in one sentence."""
    count = sum(value is not None for value in chosen.trend.values)
    if not count:
        return f"{chosen.title}: nothing was measured yet"
    if chosen.points:
        last = chosen.points[-1]
        more = "more" if chosen.metric != "exec_time" and chosen.metric != "total_time" else "slower"
        less = "less" if more == "more" else "faster"
        size = format_percent(abs(last.share))
        return (
            f"{chosen.title}: {size} {more if last.share > 0 else less} since run {last.run_id} "
            f"({words.shown(chosen.metric, last.before)} before, "
            f"{words.shown(chosen.metric, last.after)} now)"
        )
    typical = words.shown(chosen.metric, chosen.trend.median)
    if chosen.trend.is_certain and chosen.trend.change_share is not None:
        share = format_percent(abs(chosen.trend.change_share))
        way = "grows" if chosen.trend.change_share > 0 else "shrinks"
        return f"{chosen.title} {way} steadily: {share} over {count} runs"
    if count < LEAST_RUNS:
        return f"{chosen.title}: {typical} in a typical run, {format_count(count, 'run')} so far"
    return f"{chosen.title}: {typical} in a typical run, no lasting change in {format_count(count, 'run')}"


def lines(found: Trends, chosen: Selected) -> tuple[str, ...]:
    """What else is worth a line: what comes next, success, the pinned runs, leaks."""
    made = []
    band = chosen.forecast
    if band is not None and band.expected is not None:
        made.append(
            f"Next run: {words.shown(chosen.metric, band.expected)}, nine times of ten between "
            f"{words.shown(chosen.metric, band.low)} and {words.shown(chosen.metric, band.high)} "
            f"(fitted on {band.run_count} runs)."
        )
    elif band is not None and band.reason:
        made.append(f"No forecast: {band.reason}.")
    if found.success_rate is not None and found.success_rate < 1.0:
        made.append(f"{format_percent(found.success_rate)} of the runs ended well.")
    pinned = found.against_pinned
    if pinned is not None and pinned.change is not None and chosen.metric == "total_time":
        made.append(f"Against the pinned runs: {words.signed_share(pinned)}, {words.verdict(pinned)}.")
    for leak in found.leaks:
        who = leak.node_title or "ComfyUI"
        place = "GPU memory" if leak.kind == "vram" else "RAM"
        made.append(f"{who} keeps {format_bytes(leak.bytes_per_run)} more of {place} with every run.")
    return tuple(made)


def table(found: Trends, chosen: Selected) -> str:
    """The series as text: the answer, the changes, the last runs, the nodes with the largest share."""
    from tabulate import tabulate

    parts = [headline(found, chosen), *lines(found, chosen)]
    if chosen.points:
        rows = [
            [
                point.run_id,
                point.timestamp[:16].replace("T", " "),
                words.shown(chosen.metric, point.before),
                words.shown(chosen.metric, point.after),
                f"{point.share * 100:+.0f} %",
                "; ".join(cause.detail for cause in point.causes[:3]) or "nothing recorded",
            ]
            for point in chosen.points
        ]
        head = ["since run", "date", "before", "after", "change", "what changed there"]
        parts.append(tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True))
    parts.append(_runs(found, chosen.metric, chosen.trend.values))
    parts += [f"! {note}" for note in found.notes]
    return "\n\n".join(parts) + "\n"


def _runs(found: Trends, metric: str, values: Sequence[float | None]) -> str:
    from tabulate import tabulate

    rows = [
        [
            run["id"],
            str(run.get("timestamp") or "")[:16].replace("T", " "),
            words.shown(metric, value),
            run.get("name") or "",
        ]
        for run, value in zip(found.runs, values, strict=True)
        if value is not None
    ][-20:]
    head = ["run", "date", "value", "name"]
    return str(tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True))
