"""What is kept of a node's inputs: links as references, long values cut, secrets replaced.

Works on what a queued prompt holds, and survives whatever stands there: NaN,
integers of a million digits, lists that nest 10,000 deep or hold themselves, raw
bytes. Never looks behind a link, never keeps a value under a name that looks like
a secret's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .secrets import HIDDEN, hide_in_text, is_secret, is_secret_name

STRING_LIMIT = 2_000
"""Longest string kept whole, in characters. Longer ones keep their begin."""
ITEM_LIMIT = 200
"""Most entries kept of one list or mapping."""
DEPTH_LIMIT = 16
TOTAL_LIMIT = 5_000
"""Most values kept of one node."""
INTEGER_BITS = 1_024


def is_link(value: object) -> bool:
    """Whether ``value`` is a link as prompts write it: ``["12", 0]``."""
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], (int, float))
        and not isinstance(value[1], bool)
    )


def redact(inputs: Mapping[str, Any]) -> str:
    """A node's inputs as JSON text that is safe to keep.

    ``inputs`` maps an input's name to a link or to its value. The answer is always
    valid JSON, at most about a megabyte long, whatever the values are.
    """
    return json.dumps(_Shortener().shorten(inputs), ensure_ascii=False, allow_nan=False)


def hide(value: Any, name: str = "") -> Any:
    """A JSON value without secrets, whole otherwise: for what leaves the process."""
    if isinstance(value, str):
        return HIDDEN if name and is_secret(name, value) else hide_in_text(value)
    if isinstance(value, Mapping):
        return {key: hide(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(item, name) for item in value]
    return HIDDEN if name and is_secret(name, value) and not isinstance(value, float) else value


def without_secrets(prompt: Mapping[str, Any] | None, workflow: Mapping[str, Any] | None) -> tuple[Any, Any]:
    """A prompt and its graph without secrets.

    A graph's widgets have no names: what the prompt hides is hidden wherever it stands in the graph.
    """
    secrets: set[str] = set()

    def inputs_without(inputs: Mapping[str, Any]) -> dict[str, Any]:
        kept = {}
        for name, value in inputs.items():
            kept[name] = value if is_link(value) else hide(value, name)
            if isinstance(value, str) and kept[name] == HIDDEN and len(value) >= 4:
                secrets.add(value)
        return kept

    shown = hide(
        {
            key: {**node, "inputs": {}} if isinstance(node, Mapping) else node
            for key, node in (prompt or {}).items()
        }
    )
    for key, node in (prompt or {}).items():
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping):
            shown[key]["inputs"] = inputs_without(node["inputs"])

    def scrub(value: Any) -> Any:
        if isinstance(value, str):
            return HIDDEN if value in secrets else value
        if isinstance(value, dict):
            if _has_secret_widget(value):
                value = {**value, "widgets_values": _without_words(value.get("widgets_values"))}
            return {key: scrub(item) for key, item in value.items()}
        return [scrub(item) for item in value] if isinstance(value, list) else value

    return (None if prompt is None else shown), (None if workflow is None else scrub(hide(workflow)))


def _has_secret_widget(node: Mapping[str, Any]) -> bool:
    """Whether a graph's node has a widget for a secret; where in its values it stands is not said."""
    inputs = node.get("inputs")
    return isinstance(inputs, list) and any(
        isinstance(each, dict) and each.get("widget") and is_secret_name(str(each.get("name")))
        for each in inputs
    )


def _without_words(values: Any) -> Any:
    """Values of widgets without the texts that could be a key: longer ones of one word."""
    if not isinstance(values, list):
        return values
    return [
        HIDDEN if isinstance(value, str) and len(value) >= 8 and len(value.split()) == 1 else value
        for value in values
    ]


class _Shortener:
    """One pass over one node's inputs, with a budget of values."""

    def __init__(self) -> None:
        self._left = TOTAL_LIMIT

    def shorten(self, value: object, name: str = "", depth: int = 0) -> Any:
        if self._left <= 0:
            return "…"
        self._left -= 1
        if is_link(value):
            return self._link(value)
        if name and is_secret(name, value):
            return HIDDEN
        if isinstance(value, (Mapping, list, tuple, set, frozenset)):
            if depth >= DEPTH_LIMIT:
                return "<nested deeper>"
            return (
                self._mapping(value, depth) if isinstance(value, Mapping) else self._list(value, name, depth)
            )
        return _scalar(value)

    def _link(self, value: Any) -> list[Any]:
        return [_text(value[0]), _scalar(value[1])]

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for position, (key, item) in enumerate(value.items()):
            if position >= ITEM_LIMIT or self._left <= 0:
                kept["…"] = f"{len(value) - position} more"
                break
            name = _text(key) if isinstance(key, str) else _text(str(_scalar(key)))
            kept[name] = self.shorten(item, name, depth + 1)
        return kept

    def _list(self, value: Any, name: str, depth: int) -> list[Any]:
        kept: list[Any] = []
        for position, item in enumerate(value):
            if position >= ITEM_LIMIT or self._left <= 0:
                kept.append(f"… {len(value) - position} more")
                break
            kept.append(self.shorten(item, name, depth + 1))
        return kept


def _scalar(value: object) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        bits = value.bit_length()
        return int(value) if bits <= INTEGER_BITS else f"<integer of {bits} bits>"
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    return f"<{type(value).__name__}>"


def _text(value: str) -> str:
    # Looked through before it is cut: half a key is a secret too.
    value = hide_in_text(value[: 4 * STRING_LIMIT]) + value[4 * STRING_LIMIT :]
    cut = len(value) - STRING_LIMIT
    if cut > 0:
        value = f"{value[:STRING_LIMIT]}… ({cut} more characters)"
    # A lone surrogate is legal in a Python string and in no encoding.
    return value.encode("utf-8", "replace").decode("utf-8")
