"""JSON Schemas that several routes share: ids, texts, pages, the shapes of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
NAME: Schema = {"type": "string", "maxLength": 200}
COMMENT: Schema = {"type": "string", "maxLength": 20_000}
WORKFLOW_ID: Schema = {"type": "string", "maxLength": 200, "description": "a workflow's id or hash"}
COLOR: Schema = {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$", "description": "a colour like #E69F00"}
MEMBERS: Schema = {
    "type": "array",
    "maxItems": 10_000,
    "items": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "node ids",
}
WHEN: Schema = {
    "type": "string",
    "maxLength": 40,
    "pattern": r"^$|^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$",
    "description": "a date like 2026-05-31 or 2026-05-31T14:00:00Z",
}
PROMPT: Schema = {
    "type": "object",
    "maxProperties": 100_000,
    "additionalProperties": {
        "type": "object",
        "required": ["class_type"],
        "properties": {
            "class_type": {"type": "string", "minLength": 1, "maxLength": 1_000},
            "inputs": {"type": "object"},
            "_meta": {"type": "object"},
        },
    },
    "description": "a workflow in API format",
}
GRAPH: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {
        "prompt": PROMPT,
        "workflow": {"type": ["object", "null"], "description": "the same workflow in graph format"},
    },
}
GRAPH_LIMIT = 64_000_000
"""Largest workflow that is taken, in bytes."""

RUN_PATH: Mapping[str, Schema] = {"run_id": ID}


def answer(**properties: Schema) -> Schema:
    """The schema of an answer that always has these properties."""
    return {"type": "object", "required": list(properties), "properties": properties}


RUN: Schema = {"$ref": "#/components/schemas/Run"}
STEP: Schema = {"$ref": "#/components/schemas/Step"}
GROUP: Schema = {"$ref": "#/components/schemas/Group"}
CHANGE: Schema = {"$ref": "#/components/schemas/Change"}


def listing(of: Schema) -> Schema:
    """A list of ``of``."""
    return {"type": "array", "items": of}
