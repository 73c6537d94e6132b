"""How much a prompt asks for: resolution, frames, batch size, steps. Pure; reads widgets only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .prompt import Prompt, inputs_of, widget

NAMES = ("width", "height", "frames", "batch_size", "steps")
FRAMES = ("length", "num_frames", "frames", "video_frames", "frame_count", "frames_number")
"""What inputs that hold a number of frames are called."""


_WORDS = frozenset((*NAMES, *FRAMES))
_NAMED = re.compile(rf"\b({'|'.join(NAMES)}|batch)\b\s*[:=]?\s*(\d{{1,6}})\b", re.IGNORECASE)


def read(text: str) -> dict[str, int]:
    """Sizes that somebody wrote down: ``width 1024, height 768, steps 30``."""
    found = ((name.lower(), int(value)) for name, value in _NAMED.findall(text))
    return {"batch_size" if name == "batch" else name: value for name, value in found if value}


def frames_of(prompt: Prompt, node_id: str) -> int | None:
    """How many frames a node is to make; ``None`` where it has no such input.

    ``length`` is a word of many: it counts only beside a width or a height.
    """
    found = []
    for name in FRAMES:
        value = _count(prompt, node_id, name)
        if value is not None and (name != "length" or _has_size(prompt.get(node_id))):
            found.append(value)
    return max(found, default=None)


def sizes(prompt: Prompt) -> dict[str, int]:
    """Those of :data:`NAMES` that the prompt says.

    ``width`` and ``height`` are those of the node that makes the empty latent, else of the largest
    picture asked for; ``frames`` and ``batch_size`` the largest, ``steps`` those of all samplers together.
    """
    areas = []
    frames, batches, steps = [], [], []
    for node_id, node in prompt.items():
        inputs = inputs_of(node)
        if _WORDS.isdisjoint(inputs):
            continue
        if "width" in inputs and "height" in inputs:
            width, height = _count(prompt, node_id, "width"), _count(prompt, node_id, "height")
            if width and height:
                makes = "batch_size" in inputs or frames_of(prompt, node_id) is not None
                areas.append((makes, width * height, width, height))
        frames.append(frames_of(prompt, node_id) or 0)
        batches.append(_count(prompt, node_id, "batch_size") or 0)
        steps.append(_count(prompt, node_id, "steps") or 0)
    _, _, width, height = max(areas, default=(False, 0, 0, 0))
    values = (width, height, max(frames, default=0), max(batches, default=0), sum(steps))
    return {name: value for name, value in zip(NAMES, values, strict=True) if value}


def _count(prompt: Prompt, node_id: str, name: str) -> int | None:
    value = widget(prompt, node_id, name)
    return value if type(value) is int and 0 < value < 2**31 else None


def _has_size(node: Any) -> bool:
    inputs: Mapping[str, Any] = inputs_of(node)
    return "width" in inputs or "height" in inputs
