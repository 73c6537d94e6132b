"""What the nodes Profiler Compare, Trend and Budget do: wait like a Report, then look at several runs.

They never fail the workflow, but for a Budget that is set to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from PIL import Image

from ...analysis import budget, compare, forecast, matrix, trends
from ...language import msg, speaking, t
from ...model import Run
from ...render.options import Options
from ...store.errors import StoreAway, StoreError
from ...store.history import History
from ...workflow import sizes
from .. import evidence, paths, selection
from ..executor import hooks
from ..run import background
from ..run.session import Session
from . import answer, save, theme
from .node import LIMIT_S, NO_START, language_of, notice_language

log = logging.getLogger("holaf.profiler")

T = TypeVar("T")
THIS_RUN = "this run"
ANSWER_S = 2.0
"""How long a history may take to show that it answers at all."""
NO_HISTORY = msg("The history cannot be opened, so there is nothing to compare with; ComfyUI's log says why.")


@dataclass(frozen=True, slots=True)
class Made:
    """A picture as a tensor ``[1, height, width, 3]`` of 0..1, a table, and one sentence."""

    chart: Any
    table: str
    sentence: str
    ui: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether all limits were kept, and the report; ``failure`` is set where the workflow must fail."""

    passed: bool
    report: str
    failure: str | None
    ui: dict[str, Any]


class _CannotTellError(Exception):
    """There is nothing to show; the message says why."""


@dataclass(frozen=True, slots=True)
class _Around:
    """The run that goes on, its number in the history (0 for none), and the history."""

    run: Run
    run_id: int
    history: History

    @property
    def workflow(self) -> str | None:
        return self.run.workflow_id or self.run.workflow_hash


async def make_comparison(*, node_id: str, prompt: Any, inputs: Mapping[str, Any]) -> Made:
    """The run against others. Raises only the host's interrupt."""
    return await _made(node_id, prompt, inputs, _comparison)


async def make_trend(*, node_id: str, prompt: Any, inputs: Mapping[str, Any]) -> Made:
    """The workflow over its runs. Raises only the host's interrupt."""
    return await _made(node_id, prompt, inputs, _trend)


async def make_budget(*, node_id: str, prompt: Any, inputs: Mapping[str, Any]) -> Judged:
    """The run against its limits. Raises only the host's interrupt."""
    with speaking(language_of(hooks.run_of(prompt))):
        return await _make_budget(node_id, prompt, inputs)


async def _make_budget(node_id: str, prompt: Any, inputs: Mapping[str, Any]) -> Judged:
    limits, problems = budget.parse(str(inputs.get("limits") or ""))
    lines = list(problems)
    checked: tuple[budget.Checked, ...] = ()
    try:
        session = await _last(node_id, prompt)
        if limits:
            needed = session.archive.history if any(limit.is_relative for limit in limits) else None
            checked = await _bounded(lambda: _checked(session, limits), needed)
        elif not problems:
            lines.append(t("No limit is set. Write lines like {example}.", example=budget.example()))
    except (_CannotTellError, StoreError) as error:
        lines.append(str(error))
    except Exception as error:
        log.exception("Workflow Profiler could not check the budget.")
        lines.append(t("The budget could not be checked: {reason}", reason=save.in_words(error)))
    exceeded = [one for one in checked if one.is_kept is False]
    lines += [one.text for one in checked]
    report = "\n".join(lines)
    for one in exceeded:
        log.warning("Profiler Budget: %s", one.text)
    fails = bool(exceeded) and inputs.get("on_excess") == "fail"
    return Judged(
        passed=not exceeded,
        report=report,
        failure="\n".join([t("The run exceeds its budget:"), *(one.text for one in exceeded)])
        if fails
        else None,
        ui={"text": [report]},
    )


async def _last(node_id: str, prompt: Any) -> Session:
    session = hooks.run_of(prompt)
    if not isinstance(session, Session):
        raise _CannotTellError(t(NO_START))
    if (why := session.why_not_last(node_id)) is not None:
        raise _CannotTellError(t(why))
    await session.wait_until_last(node_id)
    return session


async def _made(
    node_id: str,
    prompt: Any,
    inputs: Mapping[str, Any],
    draw: Callable[[_Around, Mapping[str, Any], str], Made],
) -> Made:
    running = hooks.run_of(prompt)
    with speaking(notice_language(running)):
        return await _drawn(running, node_id, prompt, inputs, draw)


async def _drawn(
    running: object,
    node_id: str,
    prompt: Any,
    inputs: Mapping[str, Any],
    draw: Callable[[_Around, Mapping[str, Any], str], Made],
) -> Made:
    look = "dark"
    try:
        user_id = running.draft.user_id if isinstance(running, Session) else paths.DEFAULT_USER
        look = theme.settle(Options.read({"theme": inputs.get("theme")}), user_id).theme
        session = await _last(node_id, prompt)
        return await _bounded(lambda: draw(_around(session), inputs, look), session.archive.history)
    except (_CannotTellError, selection.SelectionError, StoreError) as error:
        return _notice(str(error), look)
    except Exception as error:
        log.exception("Workflow Profiler could not look at several runs.")
        return _notice(t("This could not be drawn: {reason}", reason=save.in_words(error)), look)


async def _bounded(work: Callable[[], T], history: History | None = None) -> T:
    """``work`` on a thread that can hold neither the prompt nor ComfyUI's end.

    Raises ``StoreAway`` in a moment where ``history`` is mute, :class:`_CannotTellError` after
    :data:`LIMIT_S`.
    """

    def guarded(work: Callable[[], object]) -> object:
        try:
            return work()
        except SystemExit as error:  # it would end the host's event loop
            raise _CannotTellError(save.in_words(error)) from error

    if history is not None:
        alive = background.in_thread(guarded, lambda: history.list_runs(limit=1))
        try:
            await asyncio.wait_for(alive, ANSWER_S)
        except asyncio.TimeoutError:
            raise StoreAway(f"The history at {history.database.where} does not answer now.") from None
    try:
        found: T = await asyncio.wait_for(background.in_thread(guarded, work), LIMIT_S)
    except asyncio.TimeoutError:
        raise _CannotTellError(t("The report was not done in {n} s.", n=f"{LIMIT_S:g}")) from None
    return found


def _around(session: Session) -> _Around:
    run = session.reported_run()
    history = session.archive.history
    if history is None:
        raise _CannotTellError(t(NO_HISTORY))
    run_id = int(session.archive.run_id() or 0)
    return _Around(replace(run, id=run_id), run_id, history)


def _comparison(around: _Around, inputs: Mapping[str, Any], look: str) -> Made:
    from ...render import comparison_table, comparison_words
    from ...render.chart.comparison import draw_comparison

    user_id = around.run.user_id
    before = around.run_id or None
    if "|" in str(inputs.get("baseline") or ""):
        return _matrix(around, inputs, look)
    wanted = str(inputs.get("candidate") or THIS_RUN).strip()
    if wanted.casefold() == THIS_RUN:
        candidate = [around.run_id]
    else:
        candidate = selection.choose(
            around.history, wanted, workflow=around.workflow, before=before, user_id=user_id
        )
    chosen = selection.choose(
        around.history,
        str(inputs.get("baseline") or "previous"),
        workflow=around.workflow,
        before=before,
        user_id=user_id,
    )
    baseline = [run_id for run_id in chosen if run_id not in candidate]
    if not baseline:
        raise _CannotTellError(t("Baseline and candidate are the same runs: choose others."))
    current = around.run if around.run_id in candidate else None
    material = evidence.for_comparison(around.history, baseline, candidate, user_id, current)
    found = compare.compare(baseline, candidate, material)
    names = {run_id: _name(material.runs[run_id]) for run_id in (*baseline, *candidate)}
    picture = draw_comparison(found, names, theme=look)
    text = comparison_table.render(found, names)
    return _answer(picture, text, comparison_words.headline(found))


def _matrix(around: _Around, inputs: Mapping[str, Any], look: str) -> Made:
    """More than one baseline, apart by ``|``: the sets against each other, the candidate the last of them."""
    from ...render import matrix_table
    from ...render.chart.matrix import draw_matrix

    texts = [*str(inputs["baseline"]).split("|"), str(inputs.get("candidate") or THIS_RUN)]
    names = [text.strip() for text in texts if text.strip()][: matrix.SETS_MAX]
    sets = [
        [around.run_id]
        if name.casefold() == THIS_RUN
        else selection.choose(
            around.history,
            name,
            workflow=around.workflow,
            before=around.run_id or None,
            user_id=around.run.user_id,
        )
        for name in names
    ]
    chosen = [run_id for each in sets for run_id in each]
    if len(sets) < 2 or len(set(chosen)) < len(chosen):
        raise _CannotTellError(t("The same run is in several of the sets: choose others."))
    current = around.run if around.run_id in chosen else None
    material = evidence.for_comparison(
        around.history, sets[0], chosen[len(sets[0]) :], around.run.user_id, current
    )
    found = matrix.matrix(sets, material)
    return _answer(
        draw_matrix(found, names, theme=look),
        matrix_table.render(found, names),
        matrix_table.headline(found, names),
    )


def _trend(around: _Around, inputs: Mapping[str, Any], look: str) -> Made:
    from ...render import trend_words
    from ...render.chart.trend import draw_trend

    if around.workflow is None:
        raise _CannotTellError(
            t("This workflow has no id yet, so its earlier runs are not known: save it once.")
        )
    last = inputs.get("last")
    count = last if isinstance(last, int) else 100
    material = evidence.for_trends(
        around.history, around.workflow, last=count, user_id=around.run.user_id, current=around.run
    )
    found = trends.trends(material)
    what = str(inputs.get("what") or "total")
    chosen = trend_words.select(found, what, str(inputs.get("metric") or "time"))
    if chosen is None:
        raise _CannotTellError(t("No node and no group of this workflow is called “{name}”.", name=what[:60]))
    asked = sizes.read(str(inputs.get("forecast") or ""))
    if asked and chosen.metric in forecast.METRICS:
        alike = [run for run in found.runs if run["id"] in found.counted_ids]
        chosen = replace(chosen, sizes=asked, for_sizes=forecast.for_sizes(alike, asked)[chosen.metric])
    return _answer(
        draw_trend(found, chosen, theme=look),
        trend_words.table(found, chosen),
        trend_words.headline(found, chosen),
    )


def _checked(session: Session, limits: tuple[budget.Limit, ...]) -> tuple[budget.Checked, ...]:
    run = session.reported_run()
    baseline: list[Run] = []
    history = session.archive.history
    workflow = run.workflow_id or run.workflow_hash
    if history is not None and workflow and any(limit.is_relative for limit in limits):
        rows, _ = history.list_runs(
            run.user_id,
            limit=selection.MOST,
            workflow=workflow,
            pinned=True,
            status=selection.ENDED_WELL,
            profiled=True,
        )
        baseline = [
            history.load_run(row["id"], with_series=False, user_id=run.user_id)
            for row in rows
            if row["id"] != run.id
        ]
    return budget.check(limits, run, baseline)


def _name(row: Mapping[str, Any]) -> str:
    name = str(row.get("name") or "").strip()
    number = t("run {id}", id=row["id"]) if row["id"] else t("this run")
    return f"{name} ({number})" if name else number


def _notice(message: str, look: str) -> Made:
    picture, shown = answer.notice(message, look)
    return _answer(picture, message, message, shown)


def _answer(
    picture: Image.Image, text: str, sentence: str, shown: list[dict[str, str]] | None = None
) -> Made:
    images = save.preview(picture) if shown is None else shown
    return Made(answer.to_tensor(picture), text, sentence, {"images": images, "text": [text]})
