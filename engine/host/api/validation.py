"""Whether a request is one that a route can serve, and what is wrong with it in plain words.

Pydantic looks; this module translates what it finds into ``where`` (``body.members[3]``) and
``why`` ("must be text"), and reads numbers, dates and lists out of the text of an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

PATTERNS: dict[str, str] = {}
"""Regular expressions of the schemas, and what to say of a text that does not fit."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"([Tt ](?P<time>\d{2}:\d{2})(:(?P<s>\d{2})(\.(?P<fraction>\d+))?)?"
    r"((?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?)?",
    re.ASCII,
)


class InvalidError(ValueError):
    """What is wrong with a value: ``where`` it stands (``body.members[3]``) and ``why``."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def check(model: type[BaseModel], value: object, where: str) -> dict[str, Any]:
    """The fields of ``value`` (decoded JSON), with ``model``'s defaults. Raises :class:`InvalidError`.

    A model with ``CHANGES_ONLY`` says how something is changed: its defaults are not filled in.

    A field that was left out and has no default is left out of the answer too.
    """
    return _validated(model, value, where, strict=True)


def check_text(model: type[BaseModel], given: Mapping[str, str], where: str) -> dict[str, Any]:
    """As :func:`check`, for the text of an address; an empty value counts as left out."""
    return _validated(model, {name: text for name, text in given.items() if text}, where, strict=False)


def check_one(adapter: TypeAdapter[Any], text: str, where: str) -> Any:
    """One value out of an address. Raises :class:`InvalidError`."""
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise _translated(error, where, ()) from None


def _validated(model: type[BaseModel], value: object, where: str, *, strict: bool) -> dict[str, Any]:
    try:
        found = model.model_validate(value, strict=strict)
    except ValidationError as error:
        raise _translated(error, where, model.model_fields) from None
    # What the fields hold themselves: nothing is copied, however large a workflow is.
    given = found.model_fields_set
    if getattr(model, "CHANGES_ONLY", False):
        values = {name: getattr(found, name) for name in given}
        return {
            name: value.model_dump() if isinstance(value, BaseModel) else value
            for name, value in values.items()
        }
    values = {name: getattr(found, name) for name in type(found).model_fields}
    return {name: value for name, value in values.items() if name in given or value is not None}


# -- what is wrong, in words ------------------------------------------------------
_WHY: Mapping[str, str | Callable[[ErrorDetails, Mapping[str, Any]], str]] = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_unicode": "holds a character that cannot be stored",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "less_than_equal": lambda _, given: f"must be at most {given['le']}",
    "greater_than_equal": lambda _, given: f"must be at least {given['ge']}",
    "literal_error": lambda _, given: f"must be one of {given['expected']}",
    "string_pattern_mismatch": lambda _, given: PATTERNS.get(
        given["pattern"], f"must fit {given['pattern']}"
    ),
    "string_too_short": "must not be empty",
    "string_too_long": lambda error, given: (
        f"has {len(error['input'])} characters, at most {given['max_length']} are allowed"
    ),
    "too_long": lambda error, given: (
        f"has {len(error['input'])} entries, at most {given['max_length']} are allowed"
    ),
    "too_short": lambda error, given: (
        f"has {len(error['input'])} entries, at least {given['min_length']} are needed"
    ),
}
_WITHOUT_VALUE = ("is ", "has ", "holds ")


def _translated(error: ValidationError, where: str, known: Collection[str]) -> InvalidError:
    """The first thing that ``error`` names; a misspelt name before what is missing because of it."""
    errors = error.errors(include_url=False)
    found = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    for part in found["loc"]:
        if isinstance(part, int):
            where += f"[{part}]"
        elif part != "[key]":
            where += f".{_short(part)}"
    if found["type"] == "extra_forbidden":
        return InvalidError(where, f"is unknown; known here: {', '.join(known) or 'none'}")
    why = _WHY.get(found["type"], found["msg"])
    if callable(why):
        why = why(found, found.get("ctx", {}))
    if not why.startswith(_WITHOUT_VALUE) and _is_plain(found["input"]):
        why = f"is {_shown(found['input'])}, {why}"
    return InvalidError(where, why)


def _is_plain(value: object) -> bool:
    return not isinstance(value, (dict, list, BaseModel)) and value != ""


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 128:
        return "a very large number"
    return _short(json.dumps(value, default=str))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def integral(value: object) -> object:
    """``7.0`` as 7: to JSON both are one number, and some clients write the former."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# -- out of the text of an address -------------------------------------------------
def whole_number(text: object) -> object:
    """``"12"`` as a number. What is no text passes."""
    if not isinstance(text, str):
        return text
    if not _WHOLE.fullmatch(text):
        raise PydanticCustomError("whole_number", "must be a whole number")
    return int(text)


def number(text: object) -> object:
    """``"1.5"`` as a number. What is no text passes."""
    if not isinstance(text, str):
        return text
    if not _NUMBER.fullmatch(text):
        raise PydanticCustomError("number", "must be a number")
    return float(text)


def true_or_false(text: object) -> object:
    """``"true"``, ``"false"``, ``"1"``, ``"0"``. What is no text passes."""
    if not isinstance(text, str):
        return text
    if text.lower() not in ("true", "false", "1", "0"):
        raise PydanticCustomError("true_or_false", "must be true or false")
    return text.lower() in ("true", "1")


def comma_list(text: object) -> object:
    """``"1, 2"`` as a list of texts. What is no text passes."""
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else text


def moment(text: str) -> str:
    """A date as it is; a time as ISO 8601 in UTC, kept within the years 1 to 9999 that exist as dates."""
    wrong = PydanticCustomError("moment", "must be a date like 2026-05-31 or 2026-05-31T14:00:00Z")
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise wrong
    try:
        day = found["day"].replace("0000-", "0001-")
        if found["time"] is None:
            return datetime.fromisoformat(day).date().isoformat()
        # A leap second counts as the one before it.
        second = min(int(found["s"] or 0), 59) if int(found["s"] or 0) <= 60 else 61
        local = datetime.fromisoformat(f"{day}T{found['time']}:{second:02d}")
    except ValueError:
        raise wrong from None
    milliseconds = int(f"{found['fraction'] or '0':0<3}"[:3])
    offset = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    if int(found["minutes"] or 0) > 59 or offset >= timedelta(days=1):
        raise wrong
    try:
        utc = local - offset if found["sign"] == "+" else local + offset
    except OverflowError:
        utc = (datetime.min if found["sign"] == "+" else datetime.max).replace(microsecond=0)
    utc = utc.replace(microsecond=milliseconds * 1000, tzinfo=timezone.utc)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
