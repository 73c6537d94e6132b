"""What a route is, what its handler is given, and what it may answer. No HTTP, no ComfyUI.

Handlers are ordinary functions that may block: they run on a thread of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...model import Event
from ...store.history import History
from ..run.repeat import Repeats

if TYPE_CHECKING:
    from pydantic import BaseModel


class RefusedError(Exception):
    """The request cannot be served. ``message`` says why and what to do, in plain words.

    ``status`` is a 4xx status, ``kind`` a short name for programs.
    """

    def __init__(
        self, status: int, kind: str, message: str, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.details = dict(details or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What handlers need of ComfyUI, as functions, so that tests can give their own.

    ``history`` and ``settings_file`` take a user id; ``readable_file`` a name and a
    user id; ``status`` describes the run that is going on; ``send`` tells browsers;
    ``repeats`` are the series of repeated runs; ``record_event`` takes a text and a user id.
    ``take_in`` copies ComfyUI's own history to a user's; ``apply_settings`` has new ones act at once.
    """

    history: Callable[[str], History]
    settings_file: Callable[[str], Path]
    readable_file: Callable[[str, str], Path]
    status: Callable[[str], Mapping[str, Any]]
    send: Callable[[str, Mapping[str, Any]], object]
    repeats: Callable[[], Repeats]
    record_event: Callable[[str, str], Event | None]
    take_in: Callable[[str], tuple[int, int]]
    apply_settings: Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, already checked against its route's models.

    ``path``, ``query`` and ``body`` hold typed values, only those that were given or have a
    default. ``upload`` is the file that was sent, if any; ``body`` is ``None`` then.
    """

    user_id: str
    host: Host
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    upload: Path | None = None

    @property
    def history(self) -> History:
        """The history of the user who asks."""
        return self.host.history(self.user_id)

    def changed(self, what: str, item_id: int | str | None = None, action: str = "changed") -> None:
        """Tell every open tab that something was edited."""
        self.host.send(
            "holaf.profiler.changed", {"what": what, "id": item_id, "action": action, "user_id": self.user_id}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An answer that is a file."""

    content: bytes
    content_type: str
    name: str


Answer = dict[str, Any]
Handler = Callable[[Call], "Answer | File"]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. ``path`` is relative to ``/holaf/profiler/``; a part in braces is named in ``schemas.PATH``.

    The handler's docstring describes it in the OpenAPI document. ``query``, ``body`` and ``answer``
    are models of ``schemas.py``; ``body_limit`` is in bytes. ``upload`` allows a file as the body
    instead; ``files`` are the content types of an answer that is a file.
    """

    method: str
    path: str
    handler: Handler
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    body_limit: int = 1_000_000
    upload: bool = False
    files: tuple[str, ...] = ()


@cache
def _fields(kind: Any) -> tuple[str, ...] | None:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def _names(value: Any) -> tuple[str, ...] | None:
    kind: Any = type(value)
    return _fields(kind)


_PLAIN = (type(None), str, int, float, bool)


def plain(value: Any, without: Collection[str] = ()) -> Any:
    """Findings as JSON takes them: dataclasses become objects, the outermost without its fields ``without``.

    A row of numbers is handed on as it is: ``dataclasses.asdict`` would copy each of them.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    names = _names(value)
    if names is not None or isinstance(value, Mapping):
        entries = value.items() if names is None else [(name, getattr(value, name)) for name in names]
        return {
            name: entry if type(entry) in _PLAIN else plain(entry)  # most are not worth a call each
            for name, entry in entries
            if name not in without
        }
    if isinstance(value, (list, tuple)) and any(
        isinstance(entry, tuple) or _names(entry) is not None for entry in value[:2]
    ):
        return [plain(entry) for entry in value]
    return value
