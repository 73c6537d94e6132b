"""A report without what no installed font can draw: class names for titles, English for the language.

So that a picture never shows boxes for letters. Symbols such as emoji are left out by themselves.
"""

from __future__ import annotations

from dataclasses import replace

from ...language import ENGLISH, speaking, t
from ...model import Run, Step
from ..report import Report, prepare
from . import text

_SAMPLES = {"ja": "日本語かなカナ", "ko": "한국어", "zh": "简体中文时间"}


def drawable(report: Report) -> Report:
    """``report`` itself where the fonts that are here can draw all of it, else one that they can."""
    language = drawable_language(report.options.language)
    run = _drawable_run(report.run)
    if run is report.run and language == report.options.language:
        return report
    options = replace(report.options, language=language, title=text.or_nothing(report.options.title))
    against = report.against if text.can_draw(report.against) else ""
    made = prepare(run, options, against=against)
    with speaking(language):
        note = t("letters of the language or of titles: no installed font has them (Noto Sans CJK may help)")
    return replace(made, notes=replace(made.notes, missing=(*made.notes.missing, note)))


def drawable_language(language: str) -> str:
    """``language`` where the fonts that are here have its letters, else English."""
    return language if text.can_draw(_SAMPLES.get(language, "")) else ENGLISH


def _drawable_run(run: Run) -> Run:
    steps = tuple(_drawable_step(step) for step in run.steps)
    groups = tuple(
        group if text.can_draw(group.name) else replace(group, name=t("group {n}", n=place))
        for place, group in enumerate(run.groups, start=1)
    )
    name = text.or_nothing(run.name)
    if (steps, groups, name) == (run.steps, run.groups, run.name):
        return run
    return replace(run, steps=steps, groups=groups, name=name)


def _drawable_step(step: Step) -> Step:
    if text.can_draw(step.node_title) and text.can_draw(step.node_type):
        return step
    return replace(
        step, node_title=text.or_nothing(step.node_title), node_type=text.or_nothing(step.node_type)
    )
