"""What is kept of a node's inputs: links as references, long values cut, secrets replaced.

Works on what a queued prompt holds, and survives whatever stands there: NaN,
integers of a million digits, lists that nest 10,000 deep or hold themselves, raw
bytes. Never looks behind a link, never keeps a value under a name that looks like
a secret's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

STRING_LIMIT = 2_000
"""Longest string kept whole, in characters. Longer ones keep their begin."""
ITEM_LIMIT = 200
"""Most entries kept of one list or mapping."""
DEPTH_LIMIT = 16
TOTAL_LIMIT = 5_000
"""Most values kept of one node."""
INTEGER_BITS = 1_024
HIDDEN = "<hidden>"
"""What stands in place of a secret."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "secrets",
        "credential",
        "credentials",
        "auth",
        "authorization",
        "authentication",
        "bearer",
        "apikey",
        "cookie",
        "cookies",
    ]
)
_SECRET_PARTS = ("apikey", "accesskey", "privatekey", "secretkey", "password", "passphrase", "accesstoken")
_TOKEN_MEASURES = frozenset(
    [
        "normalization",
        "norm",
        "count",
        "counts",
        "limit",
        "length",
        "len",
        "weight",
        "weights",
        "id",
        "ids",
        "ratio",
        "merging",
        "merge",
        "size",
        "budget",
        "type",
        "index",
        "indices",
        "start",
        "end",
    ]
)
"""Words after "token" that say it is a piece of text, not a key to something."""
_SECRET_VALUE = re.compile(
    r"^\s*(?:bearer\s+\S+|sk-[\w-]{16,}|hf_\w{16,}|gh[pousr]_\w{16,}|github_pat_\w+|xox[abpr]-[\w-]{10,}|"
    r"AKIA[A-Z0-9]{12,}|comfyui-[0-9a-f]{32,}|eyJ[\w-]+\.[\w-]+\.[\w-]+)\s*$",
    re.IGNORECASE,
)
_URL_LOGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s:@]+:[^/\s@]+@", re.IGNORECASE)


def is_link(value: object) -> bool:
    """Whether ``value`` is a link as prompts write it: ``["12", 0]``."""
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], (int, float))
        and not isinstance(value[1], bool)
    )


def is_secret_name(name: str) -> bool:
    """Whether an input of this name probably holds a secret (``api_key``, ``hf_token``, ``password``).

    ``max_tokens`` and ``token_normalization`` are none.
    """
    words = [word.lower() for word in _WORDS.findall(name[:200])]
    if _SECRET_WORDS.intersection(words):
        return True
    squashed = "".join(words)
    if any(part in squashed for part in _SECRET_PARTS):
        return True
    for position, word in enumerate(words):
        if word == "token":
            following = words[position + 1] if position + 1 < len(words) else ""
            return following not in _TOKEN_MEASURES
    return False


def redact(inputs: Mapping[str, Any]) -> str:
    """A node's inputs as JSON text that is safe to keep.

    ``inputs`` maps an input's name to a link or to its value. The answer is always
    valid JSON, at most about a megabyte long, whatever the values are.
    """
    return json.dumps(_Shortener().shorten(inputs), ensure_ascii=False, allow_nan=False)


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
        if name and _can_be_secret(value) and is_secret_name(name):
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


def _can_be_secret(value: object) -> bool:
    return not (value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()))


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
    if _SECRET_VALUE.match(value[:4_096]):
        return HIDDEN
    cut = len(value) - STRING_LIMIT
    if cut > 0:
        value = f"{value[:STRING_LIMIT]}… ({cut} more characters)"
    value = _URL_LOGIN.sub(rf"\g<scheme>{HIDDEN}@", value)
    # A lone surrogate is legal in a Python string and in no encoding.
    return value.encode("utf-8", "replace").decode("utf-8")
