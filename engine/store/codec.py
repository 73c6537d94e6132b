"""How collections and samples are packed into columns. Pure functions, no database.

JSON text keeps the model's field names; arrays of samples are zlib over
little-endian float64, so that what is read is exactly what was measured.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from ..model import ResidentModel, Segment, Step

T = TypeVar("T")
ZLIB_LEVEL = 1
"""The fastest: samples shrink to about a third with it, and higher levels hardly gain."""


def to_json(value: Any) -> str:
    """Compact JSON. What JSON does not know (numpy numbers, odd objects) becomes a number or text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def from_json(text: Any, default: T) -> Any | T:
    """The decoded value, or ``default`` for NULL and for text that is not JSON."""
    if not isinstance(text, str) or not text:
        return default
    try:
        return json.loads(text)
    except ValueError:
        return default


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def records(values: Iterable[Any]) -> str | None:
    """A JSON list of dataclass instances as objects; NULL for none."""
    listed = [record(value) for value in values]
    return to_json(listed) if listed else None


def record(value: Any) -> dict[str, Any]:
    """One flat dataclass instance as a dictionary."""
    return {each.name: getattr(value, each.name) for each in fields(value)}


def rebuilt(kind: type[T], data: Any) -> T:
    """The dataclass ``kind`` from a dictionary; keys that it does not know are left out."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type] # only dataclasses come
    return kind(**{key: value for key, value in dict(data).items() if key in known})


def pack_segments(step: Step) -> str | None:
    """``[[kind, start_s, end_s], ...]``; NULL for the usual one that runs from ``start_s`` to ``end_s``."""
    segments = step.segments
    if len(segments) == 1:
        (only,) = segments
        if only.kind == "run" and only.start_s == step.start_s and only.end_s == step.end_s:
            return None
    if not segments:
        return None if step.start_s is None or step.end_s is None else "[]"
    return to_json([(each.kind, each.start_s, each.end_s) for each in segments])


def unpack_segments(text: Any, start_s: float | None, end_s: float | None) -> tuple[Segment, ...]:
    """What :func:`pack_segments` packed."""
    if text is None:
        return () if start_s is None or end_s is None else (Segment("run", start_s, end_s),)
    return tuple(Segment(*each) for each in from_json(text, []))


def pack_models(models: Sequence[ResidentModel]) -> str | None:
    """``[[name, device, loaded_bytes, total_bytes], ...]``; NULL for none."""
    packed = [(each.name, each.device, each.loaded_bytes, each.total_bytes) for each in models]
    return to_json(packed) if packed else None


def unpack_models(text: Any) -> tuple[ResidentModel, ...]:
    """What :func:`pack_models` packed, or the objects with names that were stored before."""
    return tuple(
        ResidentModel(*each) if isinstance(each, list) else rebuilt(ResidentModel, each)
        for each in from_json(text, [])
    )


def pack_floats(values: Sequence[float]) -> bytes:
    """Little-endian float64, compressed."""
    return zlib.compress(number_bytes("d", values), ZLIB_LEVEL)


def unpack_floats(blob: bytes | None) -> array[float]:
    return numbers_in("d", zlib.decompress(blob) if blob else b"")


def number_bytes(kind: str, values: Iterable[Any]) -> bytes:
    """Numbers of an :mod:`array` ``kind``, little-endian."""
    numbers = array(kind, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def numbers_in(kind: str, data: bytes) -> array[Any]:
    numbers = array(kind)
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack_text(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), ZLIB_LEVEL)


def unpack_text(blob: bytes) -> str:
    return zlib.decompress(blob).decode("utf-8", "surrogatepass")


def digest(*texts: str) -> str:
    """A content hash of texts, the same on every machine."""
    hasher = hashlib.sha256()
    for text in texts:
        hasher.update(text.encode("utf-8", "surrogatepass"))
        hasher.update(b"\0")
    return hasher.hexdigest()


def storable(value: Any) -> Any:
    """``value`` as every driver takes it: for rows that a driver refused as they were."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{SYMBOL FOR NULL}")
    item = getattr(value, "item", None)
    if callable(item):
        value = item()
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return max(-(2**63), min(value, 2**63 - 1))
    if isinstance(value, (str, int, float, bytes)) or value is None:
        return value
    return str(value)
