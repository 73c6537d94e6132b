"""The tables of the history, as SQLAlchemy Core sees them. No queries, no connections.

The base columns of the four base tables are a contract with other programs;
everything else came through ``migrations/``. A column has the name of the field
in ``engine/model.py``; collections are JSON text in a column named ``<field>_json``.
Units are those of the model: ``total_time`` and ``exec_time`` in seconds,
``vram_*`` in bytes, ``cpu_max`` and ``gpu_load_*`` in percent.

Booleans and numbers may be NULL in rows that another program wrote, and
``timestamp`` may be a number there (seconds since 1970); readers allow for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger as Big
from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
HEAD = max(file.name for file in (MIGRATIONS / "versions").glob("r[0-9]*_*.py"))[1:5]
"""The newest migration. A database at this revision needs no Alembic to open."""
VERSION_TABLE = "profiler_schema_version"
"""Where Alembic notes the revision; not ``alembic_version``, which a shared database may use itself."""

metadata = MetaData()
LISTED = [
    "user_id",
    "deleted_at",
    "timestamp",
    "id",
    "status",
    "name",
    "workflow_id",
    "workflow_hash",
    "total_time",
    "pinned",
    "node_count",
    "cached_count",
    "vram_max",
    "ram_max_bytes",
    "gpu_load_avg",
    "cpu_seconds",
    "energy_joules",
    "timing",
    "cache",
    "global_comment",
    "workflow_name",
    "tags_json",
]
"""What the index behind any list of runs holds."""


def _columns(kind: type[TypeEngine[Any]], names: str, *, primary_key: bool = False) -> Iterator[Column[Any]]:
    """Columns of one kind, by their names in one text."""
    return (Column(name, kind, primary_key=primary_key) for name in names.split())


def _of(owner: str, *, primary_key: bool = True) -> Column[Any]:
    """``run_id`` of a run and so on: the row goes with its owner's."""
    owned_by = ForeignKey(f"profiler_{owner}s.id", ondelete="CASCADE")
    return Column(f"{owner}_id", Integer, owned_by, primary_key=primary_key)


runs = Table(
    "profiler_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    *_columns(Text, "timestamp name workflow_hash global_comment status prompt_id workflow_id user_id"),
    *_columns(Text, "workflow_name tags_json settings_json timing cache inside snapshot_match contention"),
    *_columns(Text, "changes_json devices_json metrics_json overhead_json warnings_json sizes_json"),
    *_columns(Text, "outputs_json events_json"),
    *_columns(Text, "running_node_id error_node_id error_type error_message deleted_at uuid"),
    *_columns(Double, "total_time energy_joules queue_wait_s"),
    *_columns(Integer, "interval_ms output_count frame_count scene_count queue_position attempt retry_of"),
    *_columns(Big, "ram_before_bytes ram_after_bytes vram_before_bytes vram_after_bytes"),
    *_columns(Boolean, "cold pinned forced profiled"),
    # Totals over the steps that count (role "node"), so that lists need no join.
    *_columns(Integer, "node_count cached_count"),
    *_columns(Big, "vram_max ram_max_bytes"),
    *_columns(Double, "gpu_load_avg cpu_seconds"),
    # Which process writes the run: tells a dead worker from a live one.
    *_columns(Text, "worker_host worker_pid_space heartbeat"),
    Column("worker_pid", Integer),
    Column("worker_started", Double),
    Column("environment_id", Integer, ForeignKey("profiler_environments.id")),
    Column("workflow_content_id", Integer, ForeignKey("profiler_workflows.id")),
    # [[place, value], ...]: where this run's prompt and graph differ from those stored for their structure.
    Column("workflow_values_json", Text),
    Index("ux_profiler_runs_uuid", "uuid", unique=True),
    Index("ix_profiler_runs_newest", "timestamp", "id"),
    # All that a list is filtered and sorted by. On PostgreSQL, which sorts by it in pages, in another form.
    Index("ix_profiler_runs_listed", *LISTED),
    Index("ix_profiler_runs_workflow_hash", "workflow_hash"),
    Index("ix_profiler_runs_running", "status", sqlite_where=text("status = 'running'")),
    Index("ix_profiler_runs_noted", "id", sqlite_where=text("profiled = 0")),
    Index("ix_profiler_runs_workflow_id", "workflow_id", "timestamp", "id"),
    sqlite_autoincrement=True,
)

steps = Table(
    "profiler_steps",
    metadata,
    Column("id", Integer, primary_key=True),
    _of("run", primary_key=False),
    *_columns(Text, "node_id node_title node_type role status display_node_id parent_node_id"),
    *_columns(Text, "step_comment inputs_json inputs_hash foreign_pack"),
    *_columns(Text, "segments_json models_json load_spans_json sampler_step_spans_json"),
    *_columns(Text, "error_type error_message error_traceback"),
    *_columns(Integer, "position list_count execution_count sampler_steps previous_run_id"),
    *_columns(Double, "exec_time self_time_s wall_time_s time_share start_s end_s"),
    *_columns(Double, "cpu_max cpu_seconds gpu_load_max gpu_load_avg gpu_time_s sync_time_s energy_joules"),
    *_columns(Double, "load_time_s offload_time_s foreign_time_s sampler_step_median_s"),
    *_columns(Double, "sampler_step_spread_s previous_exec_time_s"),
    *_columns(Big, "vram_start vram_max vram_end device_vram_max_bytes"),
    *_columns(Big, "ram_start_bytes ram_max_bytes ram_end_bytes read_bytes read_call_bytes"),
    Column("shared", Boolean),
    Index("ix_profiler_steps_run_id", "run_id", "position"),
    Index("ix_profiler_steps_inputs_hash", "inputs_hash"),
)

step_devices = Table(
    "profiler_step_devices",
    metadata,
    _of("step"),
    Column("device", Text, primary_key=True),
    *_columns(Big, "vram_start vram_max vram_end device_vram_max_bytes"),
    *_columns(Double, "gpu_load_max gpu_load_avg gpu_time_s energy_joules"),
)

groups = Table(
    "profiler_groups",
    metadata,
    Column("id", Integer, primary_key=True),
    *_columns(Text, "name color description workflow_id user_id source_node_id patterns_json unmatched_json"),
    Index("ux_profiler_groups_source", "workflow_id", "user_id", "source_node_id", unique=True),
    sqlite_autoincrement=True,
)

group_members = Table(
    "profiler_group_members",
    metadata,
    _of("group"),
    Column("node_id", Text, primary_key=True),
    Column("position", Integer),
)

run_groups = Table(
    "profiler_run_groups",
    metadata,
    _of("run"),
    _of("group"),
    Column("position", Integer),
    Column("unmatched_json", Text),
)
"""The groups of a run, as they were looked up for it."""

run_group_members = Table(
    "profiler_run_group_members",
    metadata,
    _of("run"),
    _of("group"),
    Column("node_id", Text, primary_key=True),
)
"""Which nodes of a run belong to which group: every node by its own id, those inside others too."""

series = Table(
    "profiler_series",
    metadata,
    _of("run"),
    # device: "" for the process and the machine, since a primary key holds no NULL.
    *_columns(Text, "metric device", primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("unit", Text),
    Column("sample_count", Integer),
    # zlib over little-endian float64; start_s is NULL for instants.
    *_columns(LargeBinary, "t_s value start_s"),
)

environments = Table(
    "profiler_environments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", Text, unique=True),
    Column("environment_json", Text),
)

workflows = Table(
    "profiler_workflows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", Text, unique=True),
    # zlib over UTF-8 JSON; NULL where the run had none.
    *_columns(LargeBinary, "prompt workflow"),
)

snapshots = Table(
    "profiler_snapshots",
    metadata,
    *_columns(Text, "workflow_id user_id", primary_key=True),
    *_columns(Text, "hash nodes_json timestamp"),
)

stacks = Table(
    "profiler_stacks",
    metadata,
    _of("run"),
    # See queries/inside.py.
    *_columns(LargeBinary, "functions frames"),
)

owner_times = Table(
    "profiler_owner_times",
    metadata,
    _of("run"),
    *_columns(Text, "node_id kind owner", primary_key=True),
    Column("time_s", Double),
    Column("is_foreign", Boolean),
)

kernels = Table(
    "profiler_kernels",
    metadata,
    _of("run"),
    Column("node_id", Text, primary_key=True),
    *_columns(Double, "exec_time usual_s recorded_s"),
    Column("usual_run_id", Integer),
    Column("trace_file", Text),
    # zlib over UTF-8 JSON: the fields of Operator in a list each.
    Column("operators", LargeBinary),
)
