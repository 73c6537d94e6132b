"""Statements about what many runs share: environments, and the structure of workflows.

Two workers that store the same at once get the same row: the second one's insert is a
conflict, after which ``Database.transact`` finds what the first one stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from .. import codec, schema
from ..rows import RawRow
from ..structure import Document, texts
from .groups import visible
from .values import insert_one

environments_, workflows, runs = schema.environments, schema.workflows, schema.runs

WORKFLOW_COLUMNS = (runs.c.workflow_content_id, runs.c.workflow_values_json)
"""What :func:`workflow` and :func:`prompt` read of a run's row."""


def _id_of(connection: Connection, table: Table, content_hash: str) -> int | None:
    return connection.execute(select(table.c.id).where(table.c.hash == content_hash)).scalar()


def write_environment(connection: Connection, environment: Mapping[str, str]) -> int | None:
    """The id of an environment, stored once for all runs that share it."""
    if not environment:
        return None
    text = codec.storable(codec.to_json(dict(sorted(environment.items()))))
    key = codec.digest(text)
    found = _id_of(connection, environments_, key)
    if found is not None:
        return found
    return insert_one(connection, environments_, {"hash": key, "environment_json": text})


def environment(connection: Connection, environment_id: int | None) -> dict[str, str]:
    """One environment; empty where the run has none."""
    if environment_id is None:
        return {}
    query = select(environments_.c.environment_json).where(environments_.c.id == environment_id)
    return dict(codec.from_json(connection.execute(query).scalar(), {}))


def environments(connection: Connection, user_id: str | None = None) -> dict[int, Mapping[str, str]]:
    """Every stored environment by id, or those of one user's runs."""
    query = select(environments_.c.id, environments_.c.environment_json)
    if user_id is not None:
        theirs = select(runs.c.environment_id).where(visible(runs.c.user_id, user_id))
        query = query.where(environments_.c.id.in_(theirs))
    found = connection.execute(query)
    return {key: codec.from_json(text, {}) for key, text in found}


def write_workflow(
    connection: Connection, prompt: Mapping[str, Any] | None, workflow: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A run's columns for the prompt and graph that were queued; their structure is stored once."""
    if prompt is None and workflow is None:
        return {"workflow_content_id": None, "workflow_values_json": None}
    queued = Document(*texts(prompt, workflow))
    key = queued.structure()
    found = connection.execute(select(workflows).where(workflows.c.hash == key)).mappings().first()
    if found is None:
        packed = {
            "prompt": codec.pack_text(queued.prompt) if queued.prompt else None,
            "workflow": codec.pack_text(queued.workflow) if queued.workflow else None,
        }
        return {
            "workflow_content_id": insert_one(connection, workflows, {"hash": key, **packed}),
            "workflow_values_json": None,
        }
    changes = queued.differences(_document(found))
    return {"workflow_content_id": found["id"], "workflow_values_json": codec.storable(changes)}


def _document(row: RawRow) -> Document:
    return Document(*(codec.unpack_text(row[name]) if row[name] else "" for name in ("prompt", "workflow")))


def workflow(connection: Connection, run: RawRow) -> dict[str, Any]:
    """``{"prompt", "workflow"}`` as queued, for a run's row; ``None`` where not stored."""
    query = select(workflows).where(workflows.c.id == run["workflow_content_id"])
    found = connection.execute(query).mappings().first() if run["workflow_content_id"] else None
    if found is None:
        return {"prompt": None, "workflow": None}
    prompt, graph = _document(found).with_differences(run["workflow_values_json"])
    return {"prompt": prompt, "workflow": graph}


def prompt(connection: Connection, run: RawRow) -> Any:
    """The prompt alone: the graph beside it may be many times as large."""
    query = select(workflows.c.prompt).where(workflows.c.id == run["workflow_content_id"])
    packed = connection.execute(query).scalar() if run["workflow_content_id"] else None
    if packed is None:
        return None
    return Document(codec.unpack_text(packed), "").with_differences(run["workflow_values_json"])[0]


def remove_unused(connection: Connection) -> None:
    """Remove what no run refers to any more."""
    for table, column in ((environments_, runs.c.environment_id), (workflows, runs.c.workflow_content_id)):
        used = select(column).where(column.isnot(None))
        connection.execute(delete(table).where(table.c.id.notin_(used)))
