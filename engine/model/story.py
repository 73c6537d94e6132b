"""What a run made, what happened in it by others' word, and how it came to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

OutputKind = Literal["image", "animation", "video", "audio", "3d", "text", "file"]
EventSource = Literal["route", "node", "python"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one node gave to the user, of one kind: ``count`` of them, in ``files`` as far as they are files.

    A file is ``{"filename", "subfolder", "type"}``, which ComfyUI's own ``GET /view`` takes; of very
    many only the first are named.
    """

    node_id: str
    kind: OutputKind
    count: int
    files: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened ``t_s`` seconds into the run, as another program or a node reports."""

    t_s: float
    text: str
    source: EventSource = "route"
    node_id: str | None = None
