"""What the Profiler Report node does: wait, draw, save, show. Never fails the workflow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from ... import clock
from ...language import msg, speaking, stored, t
from ...model import Group, Run
from ...render.options import Options
from ...store.errors import StoreError
from ...workflow import prompt as prompts
from ..executor import hooks, patch
from ..run import background
from ..run.archive import with_kept_workflow
from ..run.session import Session
from . import answer, save, theme
from .against import against
from .waiting import LIMIT_S, NO_START, language_of, notice_language, user_of

if TYPE_CHECKING:
    from ...render.report import Report

log = logging.getLogger("holaf.profiler")

_KEPT = msg("The run is kept in the history all the same.")
_NOT_DRAWN = "Workflow Profiler could not draw the report. The run itself is kept in the history."


@dataclass(frozen=True, slots=True)
class Made:
    """What the node answers: an image tensor ``[1, height, width, 3]`` of 0..1, text, the run's number."""

    chart: Any
    table: str
    run_id: int
    ui: dict[str, Any]


async def make(
    *,
    node_id: str,
    prompt: prompts.Prompt,
    extra_pnginfo: Mapping[str, Any] | None,
    inputs: Mapping[str, Any],
) -> Made:
    """Wait until everything else is done, then report on it. Raises only the host's interrupt."""
    session = hooks.run_of(prompt)
    with speaking(notice_language(session)):
        return await _make(session, node_id, prompt, extra_pnginfo, inputs)


async def _make(
    session: object,
    node_id: str,
    prompt: prompts.Prompt,
    extra_pnginfo: Mapping[str, Any] | None,
    inputs: Mapping[str, Any],
) -> Made:
    options = Options(theme="dark")
    try:
        asked = replace(Options.read(inputs), language=language_of(session))
        options = theme.settle(asked, user_of(session))
        why = session.why_not_last(node_id) if isinstance(session, Session) else _why_no_run(prompt or {})
    except Exception as error:
        log.exception(_NOT_DRAWN)
        return _notice(t("The report could not be drawn: {reason}", reason=save.in_words(error)), options)
    if not isinstance(session, Session):
        return _notice(why or t(NO_START), options)
    if why is not None:
        return _notice(f"{t(why)} {t(_KEPT)}", options)
    await session.wait_until_last(node_id)
    report = background.in_thread(
        _report_or_notice, session, options, prompt or {}, node_id, inputs.get("images"), extra_pnginfo
    )
    try:
        return await asyncio.wait_for(report, LIMIT_S)
    except asyncio.TimeoutError:
        log.warning("Workflow Profiler gave up a report that was not done in %g s.", LIMIT_S)
        return _notice(f"{t('The report was not done in {n} s.', n=f'{LIMIT_S:g}')} {t(_KEPT)}", options)


def _why_no_run(prompt: prompts.Prompt) -> str:
    start_id = prompts.find_start(prompt)
    if start_id is None or not prompts.start_settings(prompt, start_id)[0].enabled:
        return t(NO_START)
    other = patch.displaced_by("execute_async")
    why = patch.failure() or (
        f"PromptExecutor.execute_async was replaced by {other}, so the profiler was not called. Run again."
        if other is not None
        else "The profiler could not start; ComfyUI's log says why."
    )
    patch.put_back()
    return stored(f"This run was not measured. {why}")


def _report_or_notice(
    session: Session,
    options: Options,
    prompt: prompts.Prompt,
    node_id: str,
    images: Any,
    extra_pnginfo: Mapping[str, Any] | None,
) -> Made:
    try:
        wired = prompts.wired_groups(prompt, node_id)
        with speaking(options.language):
            return _report(session, options, wired, images, extra_pnginfo)
    except BaseException as error:  # a SystemExit of this thread would end the host's event loop
        log.exception(_NOT_DRAWN)
        return _notice(t("The report could not be drawn: {reason}", reason=save.in_words(error)), options)


def _report(
    session: Session,
    options: Options,
    wired: tuple[str, ...],
    images: Any,
    extra_pnginfo: Mapping[str, Any] | None,
) -> Made:
    from ...render import table
    from ...render.chart.picture import picture_of
    from ...render.report import prepare

    began_s = clock.now()
    run = with_kept_workflow(session.reported_run())
    report = prepare(run, options, _shown_groups(run, wired), _against(session, run))
    picture = picture_of(report)
    text = table.render(report)
    # The history may be slow; the picture above did not wait for it.
    run_id = session.archive.run_id()
    notes: tuple[str, ...] = ()
    if options.save:
        saved = save.save(report, images, run_id=run_id, extra_pnginfo=extra_pnginfo)
        shown, notes = saved.shown, saved.notes
    else:
        shown = list(save.preview(picture))
    if notes:
        text = "\n".join([text, "", *notes])
    session.add_report_cost(clock.now() - began_s)
    return _made(picture, text, int(run_id or 0), shown, report.summary.headline, run.status, _rows(report))


def _against(session: Session, run: Run) -> str:
    try:
        return session.archive.ask(lambda history: against(history, run, is_kept=False).text, "")
    except StoreError as error:
        log.info("The report says nothing about earlier runs: %s", error)
        return ""


def _shown_groups(run: Run, wired: tuple[str, ...]) -> tuple[Group, ...]:
    if not wired:
        return run.groups
    return tuple(group for group in run.groups if group.source_node_id in wired)


def _notice(message: str, options: Options) -> Made:
    picture, shown = answer.notice(message, options.theme)
    return _made(picture, message, 0, shown, message)


def _rows(report: Report) -> list[dict[str, Any]]:
    """The ranked nodes for the table on the node, under the names that a step has in JSON."""
    names = ("node_id", "node_title", "node_type", "status", "exec_time", "vram_max", "ram_max_bytes")
    ranked = report.summary.ranking[: report.options.top_n]
    return [{name: getattr(step, name) for name in names} for step in ranked]


def _made(
    picture: Image.Image,
    text: str,
    run_id: int,
    shown: list[dict[str, str]],
    headline: str,
    status: str = "",
    rows: Sequence[dict[str, Any]] = (),
) -> Made:
    return Made(
        chart=answer.to_tensor(picture),
        table=text,
        run_id=run_id,
        ui={
            "images": shown,
            "holaf_profiler": [
                {"run_id": run_id, "table": text, "headline": headline, "status": status, "nodes": list(rows)}
            ],
        },
    )
