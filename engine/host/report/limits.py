"""What the node Profiler Budget does: wait like a Report, then check the run against its limits.

It fails the workflow only where it is set to.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...analysis import budget
from ...language import speaking, t
from ...model import Run
from ...store.errors import StoreError
from .. import selection
from ..executor import hooks
from ..run.session import Session
from . import save
from .waiting import CannotTellError, bounded, language_of, last

log = logging.getLogger("holaf.profiler")


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether all limits were kept, and the report; ``failure`` is set where the workflow must fail."""

    passed: bool
    report: str
    failure: str | None
    ui: dict[str, Any]


async def make(*, node_id: str, prompt: Any, inputs: Mapping[str, Any]) -> Judged:
    """The run against its limits. Raises only the host's interrupt."""
    with speaking(language_of(hooks.run_of(prompt))):
        return await _make(node_id, prompt, inputs)


async def _make(node_id: str, prompt: Any, inputs: Mapping[str, Any]) -> Judged:
    limits, problems = budget.parse(str(inputs.get("limits") or ""))
    lines = list(problems)
    checked: tuple[budget.Checked, ...] = ()
    try:
        session = await last(node_id, prompt)
        if limits:
            needed = session.archive.history if any(limit.is_relative for limit in limits) else None
            checked = await bounded(lambda: _checked(session, limits), needed)
        elif not problems:
            lines.append(t("No limit is set. Write lines like {example}.", example=budget.example()))
    except (CannotTellError, StoreError) as error:
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
