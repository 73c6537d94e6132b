"""What the routes accept and what they say about the rest."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from engine.host.api import schemas
from engine.host.api.validation import InvalidError, check, check_one, check_text, moment
from engine.host.settings import Settings

GRAPH = {"1": {"class_type": "A", "inputs": {"x": ["2", 0]}, "_meta": {"title": "t"}, "is_changed": [1]}}


def test_what_fits_comes_back_as_it_was_given() -> None:
    assert check(schemas.Graph, {"prompt": GRAPH}, "body") == {"prompt": GRAPH}
    assert check(schemas.GroupEdit, {"workflow_id": None}, "body") == {"workflow_id": None}
    assert check_text(schemas.RunsQuery, {"q": "", "pinned": "1", "status": "failed, success"}, "query") == {
        **{"limit": 50, "offset": 0, "sort": "-timestamp"},
        **{"pinned": True, "status": ["failed", "success"]},
    }


@pytest.mark.parametrize(
    ("model", "body", "where", "why"),
    [
        (schemas.NewGroup, [], "body", "must be an object"),
        (schemas.NewGroup, {}, "body.name", "is missing"),
        (schemas.NewGroup, {"name": "n", "nam": 1}, "body.nam", "is unknown; known here: name, color"),
        (schemas.NewGroup, {"name": "   "}, "body.name", "must not be empty"),
        (schemas.NewGroup, {"name": ""}, "body.name", "must not be empty"),
        (schemas.NewGroup, {"name": "x" * 201}, "body.name", "has 201 characters, at most 200 are allowed"),
        (schemas.NewGroup, {"name": 3}, "body.name", "is 3, must be text"),
        (schemas.RunEdit, {"name": "a\0"}, "body.name", "holds a character that cannot be stored"),
        (schemas.RunEdit, {"name": "\ud800"}, "body.name", "holds a character that cannot be stored"),
        (schemas.RunEdit, {}, "body", "must hold at least one of name, global_comment, tags, pinned"),
        (schemas.RunEdit, {"name": None}, "body.name", "is null, must be text"),
        (schemas.RunEdit, {"pinned": 1}, "body.pinned", "is 1, must be true or false"),
        (
            schemas.GroupEdit,
            {"color": "red"},
            "body.color",
            'is "red", must be a colour like #E69F00',
        ),
        (schemas.GroupEdit, {"members": "3"}, "body.members", 'is "3", must be a list'),
        (schemas.GroupEdit, {"members": ["1", 2]}, "body.members[1]", "is 2, must be text"),
        (Settings, {"page_size": 501}, "body.page_size", "is 501, must be at most 500"),
        (Settings, {"page_size": True}, "body.page_size", "must be a whole number"),
        (Settings, {"page_size": 5.5}, "body.page_size", "must be a whole number"),
        (Settings, {"page_size": 10**5000}, "body.page_size", "is a very large number, must be at most"),
        (Settings, {"minimum_time_s": float("nan")}, "body.minimum_time_s", "must be"),
        (Settings, {"theme": "pink"}, "body.theme", "is \"pink\", must be one of 'auto', 'dark' or 'light'"),
        (Settings, {"panel": {"a": {}}}, "body.panel.a", "must be a short text, a number"),
        (Settings, {"run_sort": "\0" * 101}, "body.run_sort", "has 101 characters"),
        (schemas.Graph, {"prompt": {"1": 7}}, "body.prompt.1", "is 7, must be an object"),
        (
            schemas.Graph,
            {"prompt": {"1": {"class_type": 7}}},
            "body.prompt.1.class_type",
            "is 7, must be text",
        ),
        (schemas.Graph, {"prompt": {}, "workflow": 7}, "body.workflow", "is 7, must be an object"),
        (schemas.Graph, {"prompt": {"1" * 300: {}}}, f"body.prompt.{'1' * 57}...", "has 300 characters"),
    ],
)
def test_what_does_not_fit_is_named(model: type[BaseModel], body: Any, where: str, why: str) -> None:
    with pytest.raises(InvalidError) as caught:
        check(model, body, "body")
    assert caught.value.where == where
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("model", "query", "where", "why"),
    [
        (schemas.RunsQuery, {"limit": "1.5"}, "query.limit", 'is "1.5", must be a whole number'),
        (schemas.RunsQuery, {"limit": "9" * 30}, "query.limit", "must be at most 1000"),
        (schemas.RunsQuery, {"limit": "9" * 5000}, "query.limit", "must be a whole number"),
        (schemas.RunsQuery, {"limit": "1_0"}, "query.limit", "must be a whole number"),
        (schemas.RunsQuery, {"min_time": "much"}, "query.min_time", "must be a number"),
        (schemas.RunsQuery, {"min_time": "1e999"}, "query.min_time", "must be"),
        (schemas.RunsQuery, {"pinned": "maybe"}, "query.pinned", "must be true or false"),
        (schemas.RunsQuery, {"status": "fine"}, "query.status[0]", "must be one of 'running'"),
        (schemas.RunsQuery, {"since": "yesterday"}, "query.since", "must be a date like 2026-05-31"),
        (schemas.RunsQuery, {"since": "2026-02-30"}, "query.since", "must be a date like 2026-05-31"),
        (schemas.RunsQuery, {"sort": "id;drop"}, "query.sort", "must be one of user_id, timestamp"),
        (schemas.CompareQuery, {"ids": "1,x"}, "query.ids[1]", 'is "x", must be a whole number'),
        (
            schemas.CompareQuery,
            {"nonsense": "1", "ids": "1"},
            "query.nonsense",
            "is unknown; known here: ids",
        ),
    ],
)
def test_what_does_not_fit_in_an_address_is_named(
    model: type[BaseModel], query: dict[str, str], where: str, why: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        check_text(model, query, "query")
    assert caught.value.where == where
    assert why in caught.value.why


def test_ids_are_whole_numbers_that_a_browser_can_hold() -> None:
    assert check_one(schemas.PATH["run_id"], "7", "path.run_id") == 7
    for text in ("", "abc", "0", "-1", "1.0", str(2**53), "9" * 30, "9" * 5000):
        with pytest.raises(InvalidError):
            check_one(schemas.PATH["run_id"], text, "path.run_id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-31", "2026-05-31"),
        ("2026-05-31T14:00:00Z", "2026-05-31T14:00:00.000Z"),
        ("2026-05-31 14:00", "2026-05-31T14:00:00.000Z"),
        ("2026-05-31t14:00:00.1234567z", "2026-05-31T14:00:00.123Z"),
        ("2026-05-31T14:00:00+02:30", "2026-05-31T11:30:00.000Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.000Z"),
        ("0000-01-01", "0001-01-01"),
    ],
)
def test_every_time_of_the_calendar_is_understood(text: str, expected: str) -> None:
    assert moment(text) == expected
