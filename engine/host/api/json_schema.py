"""Checks a value against a JSON Schema: the one place where input is validated.

Owns the subset of JSON Schema that the routes use; the same schemas are shown in
the OpenAPI document, so what is documented is what is checked. Never changes a
value, except that :func:`from_text` reads numbers and lists out of a query string.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class InvalidError(ValueError):
    """What is wrong with a value: ``where`` it stands (``body.members[3]``) and ``why``."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def check(schema: Schema, value: Any, where: str) -> None:
    """Raise :class:`InvalidError` where ``value`` does not fit ``schema``; else do nothing."""
    _check_type(schema, value, where)
    if "enum" in schema and value not in schema["enum"]:
        raise InvalidError(where, f"is {_short(value)}, must be one of {', '.join(map(str, schema['enum']))}")
    if isinstance(value, str):
        _check_text(schema, value, where)
    elif isinstance(value, dict):
        _check_object(schema, value, where)
    elif isinstance(value, list):
        _check_list(schema, value, where)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_number(schema, value, where)


def from_text(schema: Schema, text: str, where: str) -> Any:
    """The value that ``text`` from an address means under ``schema``. Raises :class:`InvalidError`."""
    kind = schema.get("type")
    if kind == "integer":
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
            raise InvalidError(where, f"is {_short(text)}, must be a whole number")
        return int(text)
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            raise InvalidError(where, f"is {_short(text)}, must be a number") from None
    if kind == "boolean":
        if text.lower() not in ("true", "false", "1", "0"):
            raise InvalidError(where, f"is {_short(text)}, must be true or false")
        return text.lower() in ("true", "1")
    if kind == "array":
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [from_text(schema.get("items", {}), part, f"{where}[{n}]") for n, part in enumerate(parts)]
    return text


def _check_type(schema: Schema, value: Any, where: str) -> None:
    wanted = schema.get("type")
    if wanted is None:
        return
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if isinstance(value, bool) and name in ("integer", "number"):
            continue
        if isinstance(value, _TYPES[name]):
            return
    raise InvalidError(where, f"is {_short(value)}, must be {' or '.join(_article(name) for name in names)}")


def _check_text(schema: Schema, value: str, where: str) -> None:
    if len(value) > schema.get("maxLength", math.inf):
        raise InvalidError(where, f"has {len(value)} characters, at most {schema['maxLength']} are allowed")
    if len(value.strip()) < schema.get("minLength", 0):
        raise InvalidError(where, "must not be empty")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise InvalidError(
            where, f"is {_short(value)}, must be {schema.get('description', schema['pattern'])}"
        )
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidError(where, "holds a character that cannot be stored")


def _check_number(schema: Schema, value: float, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidError(where, "must be a finite number")
    if value < schema.get("minimum", -math.inf):
        raise InvalidError(where, f"is {_short(value)}, must be at least {schema['minimum']}")
    if value > schema.get("maximum", math.inf):
        raise InvalidError(where, f"is {_short(value)}, must be at most {schema['maximum']}")


def _check_object(schema: Schema, value: dict[str, Any], where: str) -> None:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if schema.get("additionalProperties", True) is False:
        unknown = [key for key in value if key not in properties]
        if unknown:
            known = ", ".join(properties) or "none"
            raise InvalidError(
                f"{where}.{_short(unknown[0], quote=False)}", f"is unknown; known here: {known}"
            )
    for key in schema.get("required", ()):
        if key not in value:
            raise InvalidError(f"{where}.{key}", "is missing")
    if len(value) < schema.get("minProperties", 0):
        raise InvalidError(where, f"must hold at least one of {', '.join(properties)}")
    if len(value) > schema.get("maxProperties", math.inf):
        raise InvalidError(where, f"has {len(value)} entries, at most {schema['maxProperties']} are allowed")
    for key, item in value.items():
        inner = properties.get(key)
        if inner is None and isinstance(schema.get("additionalProperties"), Mapping):
            inner = schema["additionalProperties"]
        if inner is not None:
            check(inner, item, f"{where}.{_short(key, quote=False)}")


def _check_list(schema: Schema, value: list[Any], where: str) -> None:
    if len(value) > schema.get("maxItems", math.inf):
        raise InvalidError(where, f"has {len(value)} entries, at most {schema['maxItems']} are allowed")
    if len(value) < schema.get("minItems", 0):
        raise InvalidError(where, f"has {len(value)} entries, at least {schema['minItems']} are needed")
    if "items" in schema:
        for position, item in enumerate(value):
            check(schema["items"], item, f"{where}[{position}]")


def _article(name: str) -> str:
    return {
        "object": "an object",
        "array": "a list",
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
    }[name]


def _short(value: object, *, quote: bool = True) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 128:
        return "a very large number"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value) if quote else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
