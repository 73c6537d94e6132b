"""What a node is called in a sentence. Never decides how wide a text may be on a picture."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from ..language import t
from ..model import Run, Step

_BLANKS = re.compile(r"\s+")


def clean(text: str) -> str:
    """One line of printable text: control and direction characters out, blanks single."""
    kept = (
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in text
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return _BLANKS.sub(" ", "".join(kept)).strip()


def shorten(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters, cut in the middle with an ellipsis."""
    if len(text) <= limit:
        return text
    if limit <= 1:
        return "…"[:limit]
    head = (limit - 1 + 1) // 2
    tail = limit - 1 - head
    return text[:head].rstrip() + "…" + (text[len(text) - tail :].lstrip() if tail else "")


def step_title(step: Step) -> str:
    """The step's title, else its class name, else its id; one clean line."""
    return clean(step.node_title) or clean(step.node_type) or f"#{step.node_id}"


def rounds(step: Step) -> str:
    """``" ×3"`` behind the name of a node that ran three times, as nodes in loops do; else nothing."""
    return f" ×{step.execution_count:,}" if (step.execution_count or 0) > 1 else ""


def node_title(run: Run, node_id: str | None) -> str | None:
    """The title of the node with this id, or ``None`` where no step has it."""
    if node_id is None:
        return None
    for step in run.steps:
        if step.node_id == node_id:
            return step_title(step)
    return t("node {id}", id=clean(node_id))


def sentence_names(steps: Iterable[Step], limit: int = 42) -> Mapping[str, str]:
    """Names for sentences, by node id: the title, with ``#id`` where a title occurs twice."""
    titles = {step.node_id: step_title(step) for step in steps}
    often = Counter(titles.values())
    return {
        node_id: shorten(title, limit) + (f" #{node_id}" if often[title] > 1 else "")
        for node_id, title in titles.items()
    }
