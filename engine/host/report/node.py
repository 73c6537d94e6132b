"""What the Profiler Report node does: wait, draw, save, show. Never fails the workflow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from ... import clock
from ...analysis.summary import summarize
from ...model import Group, Run
from ...render.chart.notice import draw_notice
from ...render.options import Wishes
from ...workflow import prompt as prompts
from ..executor import hooks
from ..run.session import Session
from . import save

log = logging.getLogger("holaf.profiler")

NO_START = (
    "Nothing was measured: this workflow has no Profiler Start that is switched on. "
    "Add one anywhere (no wires needed) and run again."
)


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
    session = hooks.active
    wishes = Wishes.read(inputs)
    if not isinstance(session, Session):
        return _notice(NO_START, wishes.theme)
    if (why := session.why_not_last(node_id)) is not None:
        return _notice(f"{why} The run is kept in the history all the same.", wishes.theme)
    await session.wait_until_last()
    wired = prompts.wired_groups(prompt or {}, node_id)
    try:
        return await asyncio.to_thread(_report, session, wishes, wired, inputs.get("images"), extra_pnginfo)
    except Exception as error:
        log.exception("Workflow Profiler could not draw the report. The run itself is kept in the history.")
        return _notice(f"The report could not be drawn: {type(error).__name__}: {error}", wishes.theme)


def _report(
    session: Session,
    wishes: Wishes,
    wired: tuple[str, ...],
    images: Any,
    extra_pnginfo: Mapping[str, Any] | None,
) -> Made:
    from ...render import table
    from ...render.chart.picture import draw

    began_s = clock.now()
    run = session.run_so_far()
    groups = _shown_groups(run, wired)
    look: dict[str, Any] = {
        "title": wishes.title,
        "sort_by": wishes.sort_by,
        "top_n": wishes.top_n,
        "groups": groups,
    }
    picture = draw(run, theme=wishes.theme, **look)
    text = table.render(run, **look)
    # The history may be slow; the picture above did not wait for it.
    run_id = session.archive.run_id()
    notes: tuple[str, ...] = ()
    if wishes.save:
        saved = save.save(
            run, picture, images, prefix=wishes.filename_prefix, formats=wishes.formats, theme=wishes.theme,
            look=look, run_id=run_id, extra_pnginfo=extra_pnginfo,
        )  # fmt: skip
        shown, notes = saved.shown, saved.notes
    else:
        shown = save.preview(picture)
    if notes:
        text = "\n".join([text, "", *notes])
    session.add_report_cost(clock.now() - began_s)
    return _made(picture, text, run_id or 0, shown, summarize(run).headline)


def _shown_groups(run: Run, wired: tuple[str, ...]) -> tuple[Group, ...]:
    if not wired:
        return run.groups
    return tuple(group for group in run.groups if group.source_node_id in wired)


def _notice(message: str, theme: str) -> Made:
    picture = draw_notice(message, theme=theme)
    return _made(picture, message, 0, save.preview(picture), message)


def _made(picture: Image, text: str, run_id: int, shown: list[dict[str, str]], headline: str) -> Made:
    import numpy
    import torch

    pixels = numpy.asarray(picture.convert("RGB"), dtype=numpy.float32) / 255.0
    return Made(
        chart=torch.from_numpy(pixels)[None],
        table=text,
        run_id=run_id,
        ui={
            "images": shown,
            "holaf_profiler": [{"run_id": run_id, "table": text, "headline": headline}],
        },
    )
