"""Between the model's dataclasses and table rows, both ways. No SQL, no connections.

A step's way to its row is the hot path of a run's end: attribute getters are
prepared once, collections that are empty become NULL without any encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from operator import attrgetter
from typing import Any

from ..clock import utc_timestamp
from ..model import (
    Change,
    Device,
    Event,
    Group,
    Metric,
    Output,
    Overhead,
    Run,
    RunSettings,
    Series,
    Snapshot,
    SnapshotNode,
    Step,
    StepDevice,
)
from . import codec, schema

RawRow = Mapping[Any, Any]
"""A row as the database gives it: column names to values."""

_MOMENTS = ("load_spans", "sampler_step_spans")
STEP_FIELDS = tuple(
    each.name for each in fields(Step) if each.name not in ("id", "segments", "models", "devices", *_MOMENTS)
)
"""The fields of a step that are a column each, under the same name."""
STEP_COLUMNS = (
    "run_id",
    *STEP_FIELDS,
    "segments_json",
    "models_json",
    *(f"{name}_json" for name in _MOMENTS),
)
STEP_DEVICE_COLUMNS = tuple(each.name for each in fields(StepDevice))
_get_moments = tuple(attrgetter(name) for name in _MOMENTS)
_getters = tuple(attrgetter(name) for name in STEP_FIELDS)
_device_values: Callable[[StepDevice], tuple[Any, ...]] = attrgetter(*STEP_DEVICE_COLUMNS)

RUN_FIELDS = tuple(each.name for each in fields(Run) if each.name in schema.runs.c and each.name != "id")

_RECORDS: dict[str, type[Any]] = {"changes": Change, "devices": Device, "metrics": Metric, "events": Event}
"""Fields of a run that are lists of records, each in a column of JSON."""


def step_columns(run_id: int, steps: Sequence[Step]) -> list[list[Any]]:
    """The values of :data:`STEP_COLUMNS`, one list a column: faster than row by row."""
    return [
        [run_id] * len(steps),
        *([*map(getter, steps)] for getter in _getters),
        [*map(codec.pack_segments, steps)],
        [codec.pack_models(step.models) if step.models else None for step in steps],
        *([codec.to_json(spans) if spans else None for spans in map(get, steps)] for get in _get_moments),
    ]


def device_row(step_id: int, device: StepDevice) -> tuple[Any, ...]:
    """``step_id`` and the values of :data:`STEP_DEVICE_COLUMNS`."""
    return (step_id, *_device_values(device))


def run_values(run: Run) -> dict[str, Any]:
    """The run's own columns: no ids of other tables, nothing of the worker."""
    values = {name: getattr(run, name) for name in RUN_FIELDS}
    values["settings_json"] = codec.to_json(codec.record(run.settings))
    values |= {name: getattr(run.settings, name) for name in ("timing", "interval_ms", "cache", "inside")}
    values |= {f"{name}_json": codec.records(getattr(run, name)) for name in (*_RECORDS, "outputs")}
    values["overhead_json"] = codec.to_json(codec.record(run.overhead))
    values["tags_json"] = tags_text(run.tags)
    values["warnings_json"] = codec.to_json(list(run.warnings)) if run.warnings else None
    values["sizes_json"] = codec.to_json(run.sizes) if run.sizes else None
    return values


def tags_text(tags: Iterable[str]) -> str | None:
    """A run's tags as its column holds them, each once and in order; ``None`` for none."""
    return codec.to_json(sorted(set(tags))) if tags else None


def run_totals(steps: Iterable[Step]) -> dict[str, Any]:
    """The columns that sum up the steps of role ``node``; ``None`` where no step has a value.

    ``gpu_load_avg`` is weighted by ``exec_time``; ``cpu_seconds`` leaves out steps
    that shared the process with another, whose seconds would count twice.
    """
    node_count = cached_count = 0
    vram: list[int] = []
    ram: list[int] = []
    cpu_seconds: float | None = None
    loaded_s = load = 0.0
    for step in steps:
        if step.role != "node":
            continue
        node_count += 1
        if step.status == "cached":
            cached_count += 1
            continue
        if step.vram_max is not None:
            vram.append(step.vram_max)
        if step.ram_max_bytes is not None:
            ram.append(step.ram_max_bytes)
        if step.cpu_seconds is not None and not step.shared:
            cpu_seconds = (cpu_seconds or 0.0) + step.cpu_seconds
        if step.gpu_load_avg is not None and step.exec_time:
            loaded_s += step.exec_time
            load += step.gpu_load_avg * step.exec_time
    return {
        "node_count": node_count,
        "cached_count": cached_count,
        "vram_max": max(vram, default=None),
        "ram_max_bytes": max(ram, default=None),
        "gpu_load_avg": load / loaded_s if loaded_s else None,
        "cpu_seconds": cpu_seconds,
    }


def series_row(run_id: int, seq: int, chunk: Series, start: int = 0) -> dict[str, Any]:
    """One chunk of samples, from index ``start`` on."""
    return {
        "run_id": run_id,
        "metric": chunk.metric,
        "device": chunk.device or "",
        "seq": seq,
        "unit": chunk.unit,
        "sample_count": len(chunk.t_s) - start,
        "t_s": codec.pack_floats(chunk.t_s[start:]),
        "value": codec.pack_floats(chunk.value[start:]),
        "start_s": codec.pack_floats(chunk.start_s[start:]) if len(chunk.start_s) else None,
    }


def series_from_rows(chunks: Sequence[RawRow]) -> tuple[Series, ...]:
    """Chunks, ordered by metric, device and seq, joined into whole series."""
    joined: dict[tuple[str, str], dict[str, Any]] = {}
    for chunk in chunks:
        key = (chunk["metric"], chunk["device"])
        whole = joined.setdefault(key, {"unit": chunk["unit"], "t_s": [], "value": [], "start_s": []})
        for name in ("t_s", "value", "start_s"):
            whole[name].extend(codec.unpack_floats(chunk[name]))
    return tuple(
        Series(
            metric=metric,
            unit=whole["unit"] or "",
            t_s=tuple(whole["t_s"]),
            value=tuple(whole["value"]),
            start_s=tuple(whole["start_s"]),
            device=device or None,
        )
        for (metric, device), whole in joined.items()
    )


def iso_timestamp(value: Any) -> str:
    """What other programs wrote as a time, as ISO 8601 in UTC; text that is no time stays as it is."""
    number: float | None = None
    if isinstance(value, (int, float)):
        number = float(value)
    elif isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
    if number is None:
        return ""
    if number > 1e11:  # milliseconds
        number /= 1000.0
    try:
        moment = datetime.fromtimestamp(number, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return str(value)
    return utc_timestamp(moment)


def step_from_row(row: RawRow, devices: Sequence[RawRow] = ()) -> Step:
    """A step; NULL in a column that the model wants filled becomes the model's default."""
    values = {name: row[name] for name in STEP_FIELDS if row[name] is not None}
    values["node_id"] = str(row["node_id"] if row["node_id"] is not None else "")
    values["node_type"] = str(row["node_type"] or "")
    values["shared"] = bool(row["shared"])
    for name in _MOMENTS:
        values[name] = tuple(map(tuple, codec.from_json(row[f"{name}_json"], [])))
    return Step(
        **values,
        id=row["id"],
        segments=codec.unpack_segments(row["segments_json"], row["start_s"], row["end_s"]),
        models=codec.unpack_models(row["models_json"]),
        devices=tuple(StepDevice(**{name: each[name] for name in STEP_DEVICE_COLUMNS}) for each in devices),
    )


def run_from_row(row: RawRow, **parts: Any) -> Run:
    """A run; ``parts`` are the fields that lie in other tables."""
    values = {name: row[name] for name in RUN_FIELDS if row[name] is not None}
    values["timestamp"] = iso_timestamp(row["timestamp"])
    values["status"] = row["status"] or "success"
    values["pinned"] = bool(row["pinned"])
    values["forced"] = bool(row["forced"])
    values["user_id"] = row["user_id"] or "default"
    for name, kind in _RECORDS.items():
        records: list[Any] = codec.from_json(row[f"{name}_json"], [])
        values[name] = tuple(codec.rebuilt(kind, each) for each in records)
    return Run(
        **values,
        id=row["id"],
        settings=codec.rebuilt(RunSettings, codec.from_json(row["settings_json"], {})),
        overhead=codec.rebuilt(Overhead, codec.from_json(row["overhead_json"], {})),
        tags=tuple(codec.from_json(row["tags_json"], [])),
        warnings=tuple(codec.from_json(row["warnings_json"], [])),
        sizes=codec.from_json(row["sizes_json"], {}),
        outputs=tuple(_output(each) for each in codec.from_json(row["outputs_json"], [])),
        **parts,
    )


def _output(data: Mapping[str, Any]) -> Output:
    return codec.rebuilt(Output, {**data, "files": tuple(data.get("files") or ())})


def group_from_row(row: RawRow, members: Iterable[str]) -> Group:
    """A group with its members."""
    return Group(
        name=row["name"] or "",
        color=row["color"] or "#888888",
        description=row["description"] or "",
        members=tuple(members),
        patterns=tuple(codec.from_json(row["patterns_json"], [])),
        unmatched=tuple(codec.from_json(row["unmatched_json"], [])),
        workflow_id=row["workflow_id"],
        source_node_id=row["source_node_id"],
        id=row["id"],
    )


def pack_snapshot(snapshot: Snapshot) -> str:
    return codec.to_json([codec.record(node) for node in snapshot.nodes])


def unpack_snapshot(row: RawRow) -> Snapshot:
    nodes = []
    for data in codec.from_json(row["nodes_json"], []):
        links = {name: (str(link[0]), int(link[1])) for name, link in data["links"].items()}
        nodes.append(codec.rebuilt(SnapshotNode, {**data, "links": links}))
    return Snapshot(workflow_id=row["workflow_id"], hash=row["hash"], nodes=tuple(nodes))
