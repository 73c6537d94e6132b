"""What the routes accept and what they say about the rest."""

from __future__ import annotations

from typing import Any

import pytest

from engine.host.api import json_schema as schema

BODY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5},
        "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$", "description": "a colour"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number"},
        "mode": {"type": "string", "enum": ["a", "b"]},
        "members": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
        "free": {"type": ["object", "null"], "additionalProperties": {"type": "boolean"}},
    },
}


def test_what_fits_passes() -> None:
    body = {
        "name": "n",
        "color": "#00ff00",
        "count": 9,
        "share": 1,
        "mode": "b",
        "members": ["1"],
        "free": None,
    }
    schema.check(BODY, body, "body")


@pytest.mark.parametrize(
    ("body", "where", "why"),
    [
        ([], "body", "must be an object"),
        ({}, "body.name", "is missing"),
        ({"name": "n", "nam": 1}, "body.nam", "is unknown"),
        ({"name": "   "}, "body.name", "must not be empty"),
        ({"name": "toolong"}, "body.name", "has 7 characters, at most 5"),
        ({"name": 3}, "body.name", "must be text"),
        ({"name": "a\0"}, "body.name", "cannot be stored"),
        ({"name": "\ud800"}, "body.name", "cannot be stored"),
        ({"name": "n", "color": "red"}, "body.color", "must be a colour"),
        ({"name": "n", "count": 10}, "body.count", "at most 9"),
        ({"name": "n", "count": True}, "body.count", "must be a whole number"),
        ({"name": "n", "count": 1.0}, "body.count", "must be a whole number"),
        ({"name": "n", "count": 10**5000}, "body.count", "a very large number"),
        ({"name": "n", "share": float("nan")}, "body.share", "finite"),
        ({"name": "n", "mode": "c"}, "body.mode", "one of a, b"),
        ({"name": "n", "members": ["1", "2", "3"]}, "body.members", "at most 2"),
        ({"name": "n", "members": ["1", 2]}, "body.members[1]", "must be text"),
        ({"name": "n", "free": {"x": 1}}, "body.free.x", "must be true or false"),
    ],
)
def test_what_does_not_fit_is_named(body: Any, where: str, why: str) -> None:
    with pytest.raises(schema.InvalidError) as caught:
        schema.check(BODY, body, "body")
    assert caught.value.where == where
    assert why in caught.value.why


def test_text_of_an_address_becomes_typed_values() -> None:
    ids = {"type": "array", "items": {"type": "integer"}}
    assert schema.from_text(ids, "1, 2,,3", "query.ids") == [1, 2, 3]
    assert schema.from_text({"type": "boolean"}, "True", "query.x") is True
    assert schema.from_text({"type": "number"}, "1e3", "query.x") == 1000.0
    for wanted, text in (("integer", "1.5"), ("integer", "9" * 30), ("boolean", "maybe"), ("number", "much")):
        with pytest.raises(schema.InvalidError):
            schema.from_text({"type": wanted}, text, "query.x")
