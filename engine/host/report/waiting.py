"""What Report, Compare, Trend and Budget have in common: waiting to be the last, and a thread with a limit.

Nothing here can hold the prompt or ComfyUI's end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from ...language import ENGLISH, msg, t
from ...store.errors import StoreAway
from ...store.history import History
from .. import paths
from ..executor import hooks
from ..run import background
from ..run.session import Session
from . import save

T = TypeVar("T")
NO_START = msg(
    "Nothing was measured: this workflow has no Profiler Start that is switched on. "
    "Add one anywhere (no wires needed) and run again."
)
LIMIT_S = 20.0
"""What takes longer is given up, so that no part of it can hold the prompt."""
ANSWER_S = 2.0
"""How long a history may take to show that it answers at all."""


class CannotTellError(Exception):
    """There is nothing to show; the message says why."""


def language_of(session: object) -> str:
    """The language of who queued the prompt; English where nothing is profiled."""
    return session.language if isinstance(session, Session) else ENGLISH


def notice_language(session: object) -> str:
    """:func:`language_of`, or English where no font can draw it: a notice is a picture too."""
    language = language_of(session)
    if language == ENGLISH:
        return ENGLISH
    from ...render.chart.drawable import drawable_language

    return drawable_language(language)


def user_of(session: object) -> str:
    """Whose prompt it is."""
    return session.draft.user_id if isinstance(session, Session) else paths.DEFAULT_USER


async def last(node_id: str, prompt: Any) -> Session:
    """The run, once only nodes like this one are left of it. Raises :class:`CannotTellError`."""
    session = hooks.run_of(prompt)
    if not isinstance(session, Session):
        raise CannotTellError(t(NO_START))
    if (why := session.why_not_last(node_id)) is not None:
        raise CannotTellError(t(why))
    await session.wait_until_last(node_id)
    return session


async def bounded(work: Callable[[], T], history: History | None = None) -> T:
    """``work`` on a thread that can hold neither the prompt nor ComfyUI's end.

    Raises ``StoreAway`` in a moment where ``history`` is mute, :class:`CannotTellError` after
    :data:`LIMIT_S`.
    """

    def guarded(work: Callable[[], object]) -> object:
        try:
            return work()
        except SystemExit as error:  # it would end the host's event loop
            raise CannotTellError(save.in_words(error)) from error

    if history is not None:
        alive = background.in_thread(guarded, lambda: history.list_runs(limit=1))
        try:
            await asyncio.wait_for(alive, ANSWER_S)
        except asyncio.TimeoutError:
            raise StoreAway(f"The history at {history.database.where} does not answer now.") from None
    try:
        found: T = await asyncio.wait_for(background.in_thread(guarded, work), LIMIT_S)
    except asyncio.TimeoutError:
        raise CannotTellError(t("The report was not done in {n} s.", n=f"{LIMIT_S:g}")) from None
    return found
