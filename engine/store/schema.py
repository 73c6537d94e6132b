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

from pathlib import Path

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

runs = Table(
    "profiler_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text),
    Column("name", Text),
    Column("workflow_hash", Text),
    Column("global_comment", Text),
    Column("total_time", Double),
    Column("status", Text),
    Column("prompt_id", Text),
    Column("workflow_id", Text),
    Column("user_id", Text),
    Column("settings_json", Text),
    Column("timing", Text),
    Column("interval_ms", Integer),
    Column("cache", Text),
    Column("inside", Text),
    Column("cold", Boolean),
    Column("pinned", Boolean),
    Column("forced", Boolean),
    Column("snapshot_match", Text),
    Column("changes_json", Text),
    Column("devices_json", Text),
    Column("metrics_json", Text),
    Column("overhead_json", Text),
    Column("warnings_json", Text),
    Column("running_node_id", Text),
    Column("error_node_id", Text),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("energy_joules", Double),
    # Totals over the steps that count (role "node"), so that lists need no join.
    Column("node_count", Integer),
    Column("cached_count", Integer),
    Column("vram_max", Big),
    Column("ram_max_bytes", Big),
    Column("gpu_load_avg", Double),
    Column("cpu_seconds", Double),
    # Which process writes the run: tells a dead worker from a live one.
    Column("worker_host", Text),
    Column("worker_pid_space", Text),
    Column("worker_pid", Integer),
    Column("worker_started", Double),
    Column("heartbeat", Text),
    Column("environment_id", Integer, ForeignKey("profiler_environments.id")),
    Column("workflow_content_id", Integer, ForeignKey("profiler_workflows.id")),
    # [[place, value], ...]: where this run's prompt and graph differ from those stored for their structure.
    Column("workflow_values_json", Text),
    Column("deleted_at", Text),
    Column("uuid", Text),
    Column("workflow_name", Text),
    Column("tags_json", Text),
    Column("contention", Text),
    Column("profiled", Boolean),
    Column("sizes_json", Text),
    Column("outputs_json", Text),
    Column("output_count", Integer),
    Column("frame_count", Integer),
    Column("scene_count", Integer),
    Column("events_json", Text),
    Column("queue_position", Integer),
    Column("queue_wait_s", Double),
    Column("attempt", Integer),
    Column("retry_of", Integer),
    *(Column(f"{memory}_{when}_bytes", Big) for memory in ("ram", "vram") for when in ("before", "after")),
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
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE")),
    Column("node_id", Text),
    Column("node_title", Text),
    Column("node_type", Text),
    Column("vram_start", Big),
    Column("vram_max", Big),
    Column("vram_end", Big),
    Column("exec_time", Double),
    Column("cpu_max", Double),
    Column("gpu_load_max", Double),
    Column("gpu_load_avg", Double),
    Column("inputs_json", Text),
    Column("step_comment", Text),
    Column("position", Integer),
    Column("role", Text),
    Column("status", Text),
    Column("display_node_id", Text),
    Column("parent_node_id", Text),
    Column("start_s", Double),
    Column("end_s", Double),
    Column("self_time_s", Double),
    Column("wall_time_s", Double),
    Column("time_share", Double),
    Column("segments_json", Text),
    Column("list_count", Integer),
    Column("execution_count", Integer),
    Column("shared", Boolean),
    Column("device_vram_max_bytes", Big),
    Column("ram_start_bytes", Big),
    Column("ram_max_bytes", Big),
    Column("ram_end_bytes", Big),
    Column("cpu_seconds", Double),
    Column("gpu_time_s", Double),
    Column("sync_time_s", Double),
    Column("energy_joules", Double),
    Column("read_bytes", Big),
    Column("read_call_bytes", Big),
    Column("load_time_s", Double),
    Column("offload_time_s", Double),
    Column("foreign_time_s", Double),
    Column("foreign_pack", Text),
    Column("sampler_steps", Integer),
    Column("sampler_step_median_s", Double),
    Column("sampler_step_spread_s", Double),
    Column("models_json", Text),
    Column("load_spans_json", Text),
    Column("sampler_step_spans_json", Text),
    Column("inputs_hash", Text),
    Column("previous_exec_time_s", Double),
    Column("previous_run_id", Integer),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("error_traceback", Text),
    Index("ix_profiler_steps_run_id", "run_id", "position"),
    Index("ix_profiler_steps_inputs_hash", "inputs_hash"),
)

step_devices = Table(
    "profiler_step_devices",
    metadata,
    Column("step_id", Integer, ForeignKey("profiler_steps.id", ondelete="CASCADE"), primary_key=True),
    Column("device", Text, primary_key=True),
    Column("vram_start", Big),
    Column("vram_max", Big),
    Column("vram_end", Big),
    Column("device_vram_max_bytes", Big),
    Column("gpu_load_max", Double),
    Column("gpu_load_avg", Double),
    Column("gpu_time_s", Double),
    Column("energy_joules", Double),
)

groups = Table(
    "profiler_groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("color", Text),
    Column("description", Text),
    Column("workflow_id", Text),
    Column("user_id", Text),
    Column("source_node_id", Text),
    Column("patterns_json", Text),
    Column("unmatched_json", Text),
    Index("ux_profiler_groups_source", "workflow_id", "user_id", "source_node_id", unique=True),
    sqlite_autoincrement=True,
)

group_members = Table(
    "profiler_group_members",
    metadata,
    Column("group_id", Integer, ForeignKey("profiler_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("position", Integer),
)

run_groups = Table(
    "profiler_run_groups",
    metadata,
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", Integer, ForeignKey("profiler_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer),
    Column("unmatched_json", Text),
)
"""The groups of a run, as they were looked up for it."""

run_group_members = Table(
    "profiler_run_group_members",
    metadata,
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", Integer, ForeignKey("profiler_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("node_id", Text, primary_key=True),
)
"""Which nodes of a run belong to which group: every node by its own id, those inside others too."""

series = Table(
    "profiler_series",
    metadata,
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("metric", Text, primary_key=True),
    # "" for the process and the machine: a primary key holds no NULL.
    Column("device", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("unit", Text),
    Column("sample_count", Integer),
    # zlib over little-endian float64; start_s is NULL for instants.
    Column("t_s", LargeBinary),
    Column("value", LargeBinary),
    Column("start_s", LargeBinary),
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
    Column("prompt", LargeBinary),
    Column("workflow", LargeBinary),
)

snapshots = Table(
    "profiler_snapshots",
    metadata,
    Column("workflow_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("hash", Text),
    Column("nodes_json", Text),
    Column("timestamp", Text),
)

stacks = Table(
    "profiler_stacks",
    metadata,
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE"), primary_key=True),
    # See queries/inside.py.
    Column("functions", LargeBinary),
    Column("frames", LargeBinary),
)

owner_times = Table(
    "profiler_owner_times",
    metadata,
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("time_s", Double),
    Column("is_foreign", Boolean),
)

kernels = Table(
    "profiler_kernels",
    metadata,
    Column("run_id", Integer, ForeignKey("profiler_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("exec_time", Double),
    Column("usual_s", Double),
    Column("usual_run_id", Integer),
    Column("recorded_s", Double),
    Column("trace_file", Text),
    # zlib over UTF-8 JSON: the fields of Operator in a list each.
    Column("operators", LargeBinary),
)
