"""The OpenAPI document, made from the table of routes, so that it cannot fall behind it."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from . import answers, schemas
from .call import Route

_JSON = "application/json"
_EMPTY = {"type": "object", "maxProperties": 0}
_TEMPLATE = "#/components/schemas/{model}"
_ERRORS = {
    "400": "The request is wrong; the message says where.",
    "401": "ComfyUI does not know the user.",
    "403": "A page of another site asked, or the file lies where this user may not read.",
    "404": "There is no such thing.",
    "405": "The address exists, the method does not.",
    "409": "The history cannot be written (read-only, full, damaged); the message says what to do.",
    "413": "The body is too large.",
    "415": "The body's content type is not one that this route takes.",
    "422": "The file or the request cannot be used; the message says why.",
    "423": "Another program keeps the history locked; try again.",
    "424": "The history's server cannot be reached.",
}


def build(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document for ``routes``."""
    models: set[type[BaseModel]] = {answers.Error}
    for route in routes:
        models.update(model for model in (route.query, route.body, route.answer) if model is not None)
    ordered = sorted(models, key=lambda model: model.__name__)
    known, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=_TEMPLATE
    )
    components = definitions.get("$defs", {})
    for model in ordered:
        components.setdefault(model.__name__, known[(model, "validation")])
    found: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, components)
        found.setdefault(f"/holaf/profiler/{route.path}", {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Workflow Profiler",
            "version": "1",
            "description": (
                "The history of profiled runs. Every path also exists under /api. Times are seconds, "
                "memory is bytes; null means that a quantity was not measured."
            ),
        },
        "paths": found,
        "components": {"schemas": components},
    }


def _operation(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    first, _, rest = (route.handler.__doc__ or "").strip().partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": first.rstrip("."),
        "description": " ".join(f"{first} {rest}".split()),
        "tags": [re.split(r"[/.]", route.path)[0]],
        "parameters": [
            *(_path_parameter(name) for name in re.findall(r"{(\w+)}", route.path)),
            *_query_parameters(route.query, components),
        ],
        "responses": {
            "200": {"description": "Done", "content": _answer(route)},
            **{
                status: {"description": text, "content": {_JSON: {"schema": _reference(answers.Error)}}}
                for status, text in _ERRORS.items()
            },
        },
    }
    if route.body is not None:
        content: dict[str, Any] = {_JSON: {"schema": _reference(route.body)}}
        if route.upload:
            content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.method not in ("GET", "DELETE"):
        # The content type is what a page of another site cannot send without asking.
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": _EMPTY}}}
    return operation


def _answer(route: Route) -> dict[str, Any]:
    if route.files:
        binary = {"type": "string", "format": "binary"}
        return {kind: {"schema": {"type": "object"} if kind == _JSON else binary} for kind in route.files}
    return {_JSON: {"schema": _reference(route.answer) if route.answer else {"type": "object"}}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _TEMPLATE.format(model=model.__name__)}


def _path_parameter(name: str) -> dict[str, Any]:
    adapter: TypeAdapter[Any] = schemas.PATH[name]
    return {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}


def _query_parameters(model: type[BaseModel] | None, components: dict[str, Any]) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = components.pop(model.__name__, None) or model.model_json_schema(ref_template=_TEMPLATE)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": {key: value for key, value in wanted.items() if key != "title"},
            **({"style": "form", "explode": False} if wanted.get("type") == "array" else {}),
        }
        for name, wanted in schema["properties"].items()
    ]
