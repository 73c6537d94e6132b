"""The OpenAPI document, made from the table of routes, so that it cannot fall behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...store import schema as tables
from . import schemas
from .call import Answer, Call, Route

_TITLE = "Workflow Profiler"
_ERRORS = {
    "400": "The request is wrong; the message says where.",
    "401": "ComfyUI does not know the user.",
    "404": "There is no such thing.",
    "409": "The history cannot be written (read-only, full, damaged); the message says what to do.",
    "423": "Another program keeps the history locked; try again.",
}


def build(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document for ``routes``."""
    found: dict[str, dict[str, Any]] = {}
    for route in routes:
        found.setdefault(f"/holaf/profiler/{route.path}", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE,
            "version": "1",
            "description": (
                "The history of profiled runs. Every path also exists under /api. Times are seconds, "
                "memory is bytes; null means that a quantity was not measured."
            ),
        },
        "paths": found,
        "components": {"schemas": _components()},
    }


def _operation(route: Route) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _plain(schema)}
        for name, schema in route.path_parameters.items()
    ]
    parameters += [
        {
            "name": name,
            "in": "query",
            "required": bool(schema.get("required")),
            "schema": _plain(schema),
            **({"style": "form", "explode": False} if schema.get("type") == "array" else {}),
        }
        for name, schema in route.query.items()
    ]
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "description": (route.handler.__doc__ or "").strip().split("\n")[0],
        "tags": [route.tag],
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done", "content": {route.content_type: {"schema": route.answer}}},
            **{
                status: {
                    "description": text,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
                for status, text in _ERRORS.items()
            },
        },
    }
    if route.body is not None:
        content: dict[str, Any] = {"application/json": {"schema": route.body}}
        if route.upload:
            content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "required"}


def _components() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "Run": _table(tables.runs),
        "Step": _table(tables.steps),
        "Group": schemas.answer(
            id={"type": "integer"}, name=text, color=text, description=text, members=schemas.listing(text)
        ),
        "GroupTotal": {
            "type": "object",
            "properties": {
                **_table(tables.group_totals)["properties"],
                "share": {"type": ["number", "null"], "description": "of the run's total_time, 0 to 1"},
            },
        },
        "Change": schemas.answer(
            kind={"type": "string", "enum": ["added", "removed", "retyped", "rewired", "renamed"]},
            node_id=text,
            title=text,
            detail=text,
        ),
        "Error": schemas.answer(error=schemas.answer(type=text, message=text, details={"type": "object"})),
    }


def _table(table: Any) -> dict[str, Any]:
    """A table's columns as a schema: the JSON of a row has their names."""
    names = {"integer": "integer", "biginteger": "integer", "big_integer": "integer", "boolean": "boolean"}
    properties: dict[str, Any] = {}
    for column in table.columns:
        kind = column.type.__visit_name__.lower()
        name = column.name
        if name.endswith("_json") and name != "inputs_json":
            properties[re.sub(r"_json$", "", name)] = {}
        elif kind in ("text", "string"):
            properties[name] = {"type": ["string", "null"]}
        else:
            properties[name] = {"type": [names.get(kind, "number"), "null"]}
    return {"type": "object", "properties": properties}


def route_for(others: tuple[Route, ...]) -> Route:
    """The route of the document, which describes ``others`` and itself."""

    def get_document(_call: Call) -> Answer:
        """The OpenAPI 3.1 document of all routes."""
        return build((*others, own))

    own = Route(
        method="GET",
        path="openapi.json",
        handler=get_document,
        summary="This document",
        tag="panel",
    )
    return own
