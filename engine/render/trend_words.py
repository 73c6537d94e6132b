"""A trend in words and as text: what the levels are, what changed and why, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..analysis.change_points import LEAST_RUNS
from ..analysis.forecast import Forecast
from ..analysis.trend_lines import Trend
from ..analysis.trends import ChangePoint, Trends
from ..analysis.units import format_bytes, format_percent
from ..language import date_time, stored, t, tn
from . import comparison_words as words


@dataclass(frozen=True, slots=True)
class Selected:
    """One series of a trend: what it is called, its metric, and what was found in it."""

    title: str
    metric: str
    trend: Trend
    points: tuple[ChangePoint, ...]
    forecast: Forecast | None = None
    sizes: Mapping[str, int] | None = None
    for_sizes: Forecast | None = None
    """What a run of ``sizes`` will take, where somebody asked."""


_TOTALS = {
    "vram": "vram_max",
    "ram": "ram_max_bytes",
    "energy": "energy_joules",
    "frame time": "frame_time_s",
}


def select(found: Trends, what: str, metric: str) -> Selected | None:
    """The series that ``what`` names: ``total``, a node's id or title, or a group's name; ``None`` for none.

    ``metric`` is one of time, vram, ram, energy and frame time.
    """
    wanted = what.strip() or "total"
    total_metric = _TOTALS.get(metric, "total_time")
    if wanted.casefold() == "total":
        points = tuple(
            one for one in found.change_points if one.node_id is None and one.metric == total_metric
        )
        name = words.quantity(total_metric).capitalize()
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
            return Selected(t("Group {name}", name=group.name), "exec_time", group.exec_time, ())
    return None


def headline(found: Trends, chosen: Selected) -> str:
    """The answer in one sentence."""
    count = sum(value is not None for value in chosen.trend.values)
    if not count:
        return t("{what}: nothing was measured yet", what=chosen.title)
    if chosen.points:
        last = chosen.points[-1]
        is_time = chosen.metric in ("exec_time", "total_time", "frame_time_s")
        if last.share > 0:
            verdict = t("slower") if is_time else t("more")
        else:
            verdict = t("faster") if is_time else t("less")
        return t(
            "{what}: {share} {verdict} since run {id} ({before} before, {after} now)",
            what=chosen.title,
            share=format_percent(abs(last.share)),
            verdict=verdict,
            id=last.run_id,
            before=words.shown(chosen.metric, last.before),
            after=words.shown(chosen.metric, last.after),
        )
    typical = words.shown(chosen.metric, chosen.trend.median)
    if chosen.trend.is_certain and chosen.trend.change_share is not None:
        share = format_percent(abs(chosen.trend.change_share))
        return t(
            "{what} grows steadily: {share} over {n} runs"
            if chosen.trend.change_share > 0
            else "{what} shrinks steadily: {share} over {n} runs",
            what=chosen.title,
            share=share,
            n=count,
        )
    runs = tn("{n} run|{n} runs", count)
    if count < LEAST_RUNS:
        return t(
            "{what}: {value} in a typical run, {runs} so far", what=chosen.title, value=typical, runs=runs
        )
    return t(
        "{what}: {value} in a typical run, no lasting change in {runs}",
        what=chosen.title,
        value=typical,
        runs=runs,
    )


def lines(found: Trends, chosen: Selected) -> tuple[str, ...]:
    """What else is worth a line: what comes next, success, the pinned runs, leaks."""
    made = []
    band = chosen.forecast
    if band is not None and band.expected is not None:
        made.append(
            t(
                "Next run: {expected}, nine times of ten between {low} and {high} (fitted on {n} runs).",
                expected=words.shown(chosen.metric, band.expected),
                low=words.shown(chosen.metric, band.low),
                high=words.shown(chosen.metric, band.high),
                n=band.run_count,
            )
        )
    elif band is not None and band.reason:
        made.append(t("No forecast: {reason}.", reason=stored(band.reason)))
    if chosen.sizes and (asked := chosen.for_sizes) is not None:
        sizes = ", ".join(f"{name} {value}" for name, value in chosen.sizes.items())
        made.append(
            t(
                "With {sizes}: {expected}, nine times of ten between {low} and {high} (fitted on {n} runs).",
                sizes=sizes,
                expected=words.shown(chosen.metric, asked.expected),
                low=words.shown(chosen.metric, asked.low),
                high=words.shown(chosen.metric, asked.high),
                n=asked.run_count,
            )
            if asked.expected is not None
            else t("With {sizes}: not known; {reason}.", sizes=sizes, reason=stored(asked.reason or ""))
        )
    made += standing(found, chosen)
    for leak in found.leaks:
        who = leak.node_title or "ComfyUI"
        made.append(
            t(
                "{node} keeps {size} more of GPU memory with every run."
                if leak.kind == "vram"
                else "{node} keeps {size} more of RAM with every run.",
                node=who,
                size=format_bytes(leak.bytes_per_run),
            )
        )
    return tuple(made)


def standing(found: Trends, chosen: Selected) -> list[str]:
    """How many runs end well, and where the newest stand against the pinned ones."""
    made = []
    if found.success_rate is not None and found.success_rate < 1.0:
        made.append(t("{share} of the runs ended well.", share=format_percent(found.success_rate)))
    pinned = found.against_pinned
    if pinned is not None and pinned.change is not None and chosen.metric == "total_time":
        share = words.signed_share(pinned)
        made.append(
            t("Against the pinned runs: {share}, {verdict}.", share=share, verdict=words.verdict(pinned))
        )
    return made


def table(found: Trends, chosen: Selected) -> str:
    """The series as text: the answer, the changes, the last runs, the nodes with the largest share."""
    from tabulate import tabulate

    parts = [headline(found, chosen), *lines(found, chosen)]
    if chosen.points:
        rows = [
            [
                point.run_id,
                date_time(point.timestamp),
                words.shown(chosen.metric, point.before),
                words.shown(chosen.metric, point.after),
                f"{point.share * 100:+.0f} %",
                "; ".join(stored(cause.detail) for cause in point.causes[:3]) or t("nothing recorded"),
            ]
            for point in chosen.points
        ]
        head = [
            t("since run"),
            t("date"),
            t("before"),
            t("after"),
            t("change"),
            t("what changed there"),
        ]
        parts.append(tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True))
    parts.append(_runs(found, chosen.metric, chosen.trend.values))
    parts += [f"! {stored(note)}" for note in found.notes]
    return "\n\n".join(parts) + "\n"


def _runs(found: Trends, metric: str, values: Sequence[float | None]) -> str:
    from tabulate import tabulate

    rows = [
        [
            run["id"],
            date_time(str(run.get("timestamp") or "")),
            words.shown(metric, value),
            run.get("name") or "",
        ]
        for run, value in zip(found.runs, values, strict=True)
        if value is not None
    ][-20:]
    head = [t("run"), t("date"), t("value"), t("name")]
    return str(tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True))
