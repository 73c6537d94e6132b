"""Statements about what was seen inside nodes. Each runs in its caller's transaction.

Call trees are two packed columns: owners, functions and who is who as JSON; the frames of all trees
one after another as little-endian int32 (functions, then parents) and float64 (seconds).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ...model import Function, NodeKernels, Operator, Owner, OwnerTime, Run, Stacks, StackTree
from .. import codec, schema
from .values import chunks, dicts

TABLES = (schema.stacks, schema.owner_times, schema.kernels)
_KERNELS = ("node_id", "exec_time", "usual_s", "usual_run_id", "recorded_s", "trace_file")


def write(connection: Connection, run_id: int, run: Run) -> None:
    """Store what was seen inside the nodes of a run, in place of what is there."""
    remove(connection, run_id)
    if run.stacks is not None:
        functions, frames = pack(run.stacks)
        connection.execute(insert(schema.stacks).values(run_id=run_id, functions=functions, frames=frames))
    if run.owner_times:
        times = [
            {"run_id": run_id, **{name: codec.storable(value) for name, value in entry._asdict().items()}}
            for entry in run.owner_times
        ]
        connection.execute(insert(schema.owner_times), times)
    for node in run.kernels:
        connection.execute(
            insert(schema.kernels).values(
                run_id=run_id,
                **{name: codec.storable(getattr(node, name)) for name in _KERNELS},
                operators=codec.pack_text(codec.to_json(node.operators)),
            )
        )


def read(connection: Connection, run_id: int) -> dict[str, Any]:
    """``{"stacks", "owner_times", "kernels"}`` of a run, as the fields of :class:`Run`."""
    table = schema.stacks
    found = connection.execute(select(table).where(table.c.run_id == run_id)).mappings().first()
    return {
        "stacks": None if found is None else unpack(found["functions"], found["frames"]),
        "owner_times": owner_times(connection, [run_id]).get(run_id, ()),
        "kernels": kernels(connection, run_id),
    }


def json_row(found: dict[str, Any]) -> dict[str, Any]:
    """What :func:`read` answers, as JSON wants it."""
    stacks: Stacks | None = found["stacks"]
    return {
        "stacks": None
        if stacks is None
        else {**codec.record(stacks), "trees": [codec.record(tree) for tree in stacks.trees]},
        "owner_times": [entry._asdict() for entry in found["owner_times"]],
        "kernels": [
            {**codec.record(node), "operators": [entry._asdict() for entry in node.operators]}
            for node in found["kernels"]
        ],
    }


def owner_times(connection: Connection, run_ids: Sequence[int]) -> dict[int, tuple[OwnerTime, ...]]:
    """Time by node and owner of each run that has any, the longest first."""
    table = schema.owner_times
    result: dict[int, list[OwnerTime]] = {}
    for some in chunks(run_ids):
        query = select(table).where(table.c.run_id.in_(some)).order_by(table.c.run_id, table.c.time_s.desc())
        for row in dicts(connection.execute(query)):
            values = {name: row[name] for name in OwnerTime._fields}
            result.setdefault(row["run_id"], []).append(OwnerTime(**values))
    return {key: tuple(entries) for key, entries in result.items()}


def kernels(connection: Connection, run_id: int) -> tuple[NodeKernels, ...]:
    """The operators of the nodes that were recorded."""
    table = schema.kernels
    query = select(table).where(table.c.run_id == run_id).order_by(table.c.exec_time.desc())
    return tuple(
        NodeKernels(
            **{name: row[name] for name in _KERNELS},
            operators=tuple(
                Operator(*each) for each in codec.from_json(codec.unpack_text(row["operators"]), [])
            ),
        )
        for row in connection.execute(query).mappings()
    )


def remove(connection: Connection, run_id: int) -> None:
    """Everything of a run."""
    for table in TABLES:
        connection.execute(delete(table).where(table.c.run_id == run_id))


def copy(source: Connection, target: Connection, run_id: int, new_id: int) -> None:
    """The rows of a run from one database into another; traces stay beside the one they were recorded for."""
    for table in TABLES:
        found = source.execute(select(table).where(table.c.run_id == run_id)).mappings()
        here = {"run_id": new_id} | ({"trace_file": None} if table is schema.kernels else {})
        copies = [{**row, **here} for row in found]
        if copies:
            target.execute(insert(table), copies)


def pack(stacks: Stacks) -> tuple[bytes, bytes]:
    """The two columns of ``profiler_stacks``."""
    header = {
        "pace_s": stacks.pace_s,
        "truncated": stacks.truncated,
        "owners": stacks.owners,
        "functions": stacks.functions,
        "trees": [
            (tree.node_id, tree.thread, tree.owner, tree.sample_count, len(tree.functions))
            for tree in stacks.trees
        ],
    }
    numbers = [
        codec.number_bytes("i", chain.from_iterable(tree.functions for tree in stacks.trees)),
        codec.number_bytes("i", chain.from_iterable(tree.parents for tree in stacks.trees)),
        codec.number_bytes("d", chain.from_iterable(tree.self_s for tree in stacks.trees)),
    ]
    return codec.pack_text(codec.to_json(header)), zlib.compress(b"".join(numbers), codec.ZLIB_LEVEL)


def unpack(functions: bytes, frames: bytes) -> Stacks:
    """What :func:`pack` packed."""
    header: dict[str, Any] = codec.from_json(codec.unpack_text(functions), {})
    data = zlib.decompress(frames)
    total = sum(count for *_, count in header["trees"])
    columns = [codec.numbers_in("i", data[: 4 * total]), codec.numbers_in("i", data[4 * total : 8 * total])]
    seconds = codec.numbers_in("d", data[8 * total :])
    trees, at = [], 0
    for node_id, thread, owner, sample_count, count in header["trees"]:
        trees.append(
            StackTree(
                node_id=node_id,
                thread=thread,
                owner=owner,
                sample_count=sample_count,
                functions=tuple(columns[0][at : at + count]),
                parents=tuple(columns[1][at : at + count]),
                self_s=tuple(seconds[at : at + count]),
            )
        )
        at += count
    return Stacks(
        owners=tuple(Owner(*each) for each in header["owners"]),
        functions=tuple(Function(*each) for each in header["functions"]),
        trees=tuple(trees),
        pace_s=header["pace_s"],
        truncated=header["truncated"],
    )
