"""What the nodes Profiler Compare and Trend do: wait like a Report, then look at several runs.

They never fail the workflow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from ...analysis import compare, forecast, matrix, trends
from ...language import msg, speaking, t
from ...model import Run
from ...render.options import Options
from ...store.errors import StoreError
from ...store.history import History
from ...workflow import sizes
from .. import evidence, selection
from ..executor import hooks
from ..run.session import Session
from . import answer, save, theme
from .waiting import CannotTellError, bounded, last, notice_language, user_of

log = logging.getLogger("holaf.profiler")

THIS_RUN = "this run"
NO_HISTORY = msg("The history cannot be opened, so there is nothing to compare with; ComfyUI's log says why.")


@dataclass(frozen=True, slots=True)
class Made:
    """A picture as a tensor ``[1, height, width, 3]`` of 0..1, a table, and one sentence."""

    chart: Any
    table: str
    sentence: str
    ui: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """The run that goes on, its number in the history (0 for none), and the history."""

    run: Run
    run_id: int
    history: History

    @property
    def workflow(self) -> str | None:
        """Its id, else its hash."""
        return self.run.workflow_id or self.run.workflow_hash

    def choose(self, text: str) -> list[int]:
        """The runs that ``text`` means; this one for "this run". Raises ``SelectionError``."""
        if text.strip().casefold() == THIS_RUN:
            return [self.run_id]
        before, user_id = self.run_id or None, self.run.user_id
        return selection.choose(self.history, text, workflow=self.workflow, before=before, user_id=user_id)

    def evidence(self, first: list[int], others: list[int]) -> compare.Evidence:
        """What comparing these runs reads."""
        current = self.run if self.run_id in (*first, *others) else None
        return evidence.for_comparison(self.history, first, others, self.run.user_id, current)


async def make(
    draw: Callable[[Around, Mapping[str, Any], str], Made],
    *,
    node_id: str,
    prompt: Any,
    inputs: Mapping[str, Any],
) -> Made:
    """What ``draw`` makes of the run that goes on and of earlier ones. Raises only the host's interrupt."""
    running = hooks.run_of(prompt)
    look = "dark"
    with speaking(notice_language(running)):
        try:
            look = theme.settle(Options.read({"theme": inputs.get("theme")}), user_of(running)).theme
            session = await last(node_id, prompt)
            return await bounded(lambda: draw(_around(session), inputs, look), session.archive.history)
        except (CannotTellError, selection.SelectionError, StoreError) as error:
            return _notice(str(error), look)
        except Exception as error:
            log.exception("Workflow Profiler could not look at several runs.")
            return _notice(t("This could not be drawn: {reason}", reason=save.in_words(error)), look)


def _around(session: Session) -> Around:
    run = session.reported_run()
    history = session.archive.history
    if history is None:
        raise CannotTellError(t(NO_HISTORY))
    run_id = int(session.archive.run_id() or 0)
    return Around(replace(run, id=run_id), run_id, history)


def comparison(around: Around, inputs: Mapping[str, Any], look: str) -> Made:
    """The run, or the node's ``candidate``, against others."""
    from ...render import comparison_table, comparison_words
    from ...render.chart.comparison import draw_comparison

    if "|" in str(inputs.get("baseline") or ""):
        return _matrix(around, inputs, look)
    candidate = around.choose(str(inputs.get("candidate") or THIS_RUN))
    chosen = around.choose(str(inputs.get("baseline") or "previous"))
    baseline = [run_id for run_id in chosen if run_id not in candidate]
    if not baseline:
        raise CannotTellError(t("Baseline and candidate are the same runs: choose others."))
    material = around.evidence(baseline, candidate)
    found = compare.compare(baseline, candidate, material)
    names = {run_id: _name(material.runs[run_id]) for run_id in (*baseline, *candidate)}
    picture = draw_comparison(found, names, theme=look)
    text = comparison_table.render(found, names)
    return _answer(picture, text, comparison_words.headline(found))


def _matrix(around: Around, inputs: Mapping[str, Any], look: str) -> Made:
    """More than one baseline, apart by ``|``: the sets against each other, the candidate the last of them."""
    from ...render import matrix_table
    from ...render.chart.matrix import draw_matrix

    texts = [*str(inputs["baseline"]).split("|"), str(inputs.get("candidate") or THIS_RUN)]
    names = [text.strip() for text in texts if text.strip()][: matrix.SETS_MAX]
    sets = [around.choose(name) for name in names]
    chosen = [run_id for each in sets for run_id in each]
    if len(sets) < 2 or len(set(chosen)) < len(chosen):
        raise CannotTellError(t("The same run is in several of the sets: choose others."))
    found = matrix.matrix(sets, around.evidence(sets[0], chosen[len(sets[0]) :]))
    return _answer(
        draw_matrix(found, names, theme=look),
        matrix_table.render(found, names),
        matrix_table.headline(found, names),
    )


def trend(around: Around, inputs: Mapping[str, Any], look: str) -> Made:
    """The workflow over its runs."""
    from ...render import trend_words
    from ...render.chart.trend import draw_trend

    if around.workflow is None:
        raise CannotTellError(
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
        raise CannotTellError(t("No node and no group of this workflow is called “{name}”.", name=what[:60]))
    asked = sizes.read(str(inputs.get("forecast") or ""))
    if asked and chosen.metric in forecast.METRICS:
        alike = [run for run in found.runs if run["id"] in found.counted_ids]
        chosen = replace(chosen, sizes=asked, for_sizes=forecast.for_sizes(alike, asked)[chosen.metric])
    return _answer(
        draw_trend(found, chosen, theme=look),
        trend_words.table(found, chosen),
        trend_words.headline(found, chosen),
    )


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
