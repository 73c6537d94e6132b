"""All tables: on an empty database, or around base tables that another program made.

The tables are spelled out here and not taken from ``schema.py``: this file says
what revision 0001 was, for ever. Base tables that exist keep their rows, their own
columns, indices, triggers and views; missing columns are added, ``node_id`` becomes
TEXT, columns lose NOT NULL where this pack has to leave them empty, and group names
need not be unique any more, since two workflows may use the same.
"""

from __future__ import annotations

import warnings
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

INTEGER, BIG, DOUBLE, TEXT, FLAG, BLOB = (
    sa.Integer,
    sa.BigInteger,
    sa.Double,
    sa.Text,
    sa.Boolean,
    sa.LargeBinary,
)


def _columns(kind: Any, names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind()) for name in names.split()]


def _references(name: str, target: str, **options: Any) -> sa.Column[Any]:
    ondelete = options.pop("ondelete", None)
    return sa.Column(name, sa.Integer, sa.ForeignKey(target, ondelete=ondelete), **options)


def _base_tables() -> dict[str, list[sa.Column[Any]]]:
    """The four base tables with the columns that this revision gives them."""
    return {
        "profiler_runs": [
            sa.Column("id", sa.Integer, primary_key=True),
            *_columns(TEXT, "timestamp name workflow_hash global_comment"),
            *_columns(DOUBLE, "total_time"),
            *_columns(TEXT, "status prompt_id workflow_id user_id settings_json timing"),
            *_columns(INTEGER, "interval_ms"),
            *_columns(TEXT, "cache"),
            *_columns(FLAG, "cold pinned forced"),
            *_columns(TEXT, "snapshot_match changes_json devices_json metrics_json overhead_json"),
            *_columns(TEXT, "warnings_json running_node_id error_node_id error_type error_message"),
            *_columns(DOUBLE, "energy_joules"),
            *_columns(INTEGER, "node_count cached_count"),
            *_columns(BIG, "vram_max ram_max_bytes"),
            *_columns(DOUBLE, "gpu_load_avg cpu_seconds"),
            *_columns(TEXT, "worker_host"),
            *_columns(INTEGER, "worker_pid"),
            *_columns(DOUBLE, "worker_started"),
            *_columns(TEXT, "heartbeat"),
            _references("environment_id", "profiler_environments.id"),
            _references("workflow_content_id", "profiler_workflows.id"),
            *_columns(TEXT, "deleted_at"),
        ],
        "profiler_steps": [
            sa.Column("id", sa.Integer, primary_key=True),
            _references("run_id", "profiler_runs.id", ondelete="CASCADE"),
            *_columns(TEXT, "node_id node_title node_type"),
            *_columns(BIG, "vram_start vram_max vram_end"),
            *_columns(DOUBLE, "exec_time cpu_max gpu_load_max gpu_load_avg"),
            *_columns(TEXT, "inputs_json step_comment"),
            *_columns(INTEGER, "position"),
            *_columns(TEXT, "role status display_node_id parent_node_id"),
            *_columns(DOUBLE, "start_s end_s self_time_s wall_time_s"),
            *_columns(TEXT, "segments_json"),
            *_columns(INTEGER, "list_count"),
            *_columns(FLAG, "shared"),
            *_columns(BIG, "device_vram_max_bytes ram_start_bytes ram_max_bytes ram_end_bytes"),
            *_columns(DOUBLE, "cpu_seconds gpu_time_s sync_time_s energy_joules"),
            *_columns(BIG, "read_bytes read_call_bytes"),
            *_columns(DOUBLE, "load_time_s offload_time_s"),
            *_columns(INTEGER, "sampler_steps"),
            *_columns(DOUBLE, "sampler_step_median_s sampler_step_spread_s"),
            *_columns(TEXT, "models_json inputs_hash"),
            *_columns(DOUBLE, "previous_exec_time_s"),
            *_columns(INTEGER, "previous_run_id"),
            *_columns(TEXT, "error_type error_message"),
        ],
        "profiler_groups": [
            sa.Column("id", sa.Integer, primary_key=True),
            *_columns(TEXT, "name color description workflow_id user_id source_node_id"),
            *_columns(TEXT, "patterns_json unmatched_json"),
        ],
        "profiler_group_members": [
            _references("group_id", "profiler_groups.id", ondelete="CASCADE", primary_key=True),
            sa.Column("node_id", sa.Text, primary_key=True),
            *_columns(INTEGER, "position"),
        ],
    }


INDICES = {
    "ix_profiler_runs_timestamp": ("profiler_runs", ["timestamp"]),
    "ix_profiler_runs_workflow_id": ("profiler_runs", ["workflow_id"]),
    "ix_profiler_runs_status": ("profiler_runs", ["status"]),
    "ix_profiler_steps_run_id": ("profiler_steps", ["run_id", "position"]),
    "ix_profiler_steps_inputs_hash": ("profiler_steps", ["inputs_hash"]),
    "ix_profiler_groups_workflow_id": ("profiler_groups", ["workflow_id", "source_node_id"]),
}

GROUP_TOTALS = """
CREATE VIEW profiler_group_totals AS
SELECT r.id AS run_id, g.id AS group_id, g.name AS name, g.color AS color,
       count(*) AS step_count, sum(s.exec_time) AS exec_time,
       max(s.vram_max) AS vram_max, max(s.ram_max_bytes) AS ram_max_bytes
FROM profiler_runs r
JOIN profiler_groups g
  ON (g.workflow_id IS NULL
      OR g.workflow_id = coalesce(r.workflow_id, r.workflow_hash, 'run:' || r.id))
 AND (g.user_id IS NULL OR r.user_id IS NULL OR g.user_id = r.user_id)
JOIN profiler_steps s
  ON s.run_id = r.id
 AND coalesce(s.role, 'node') = 'node'
 AND EXISTS (
    SELECT 1 FROM profiler_group_members m
    WHERE m.group_id = g.id
      AND (s.node_id = m.node_id
           OR s.display_node_id = m.node_id
           OR substr(s.node_id, 1, length(m.node_id) + 1) = m.node_id || ':'
           OR substr(s.display_node_id, 1, length(m.node_id) + 1) = m.node_id || ':'))
WHERE r.deleted_at IS NULL
GROUP BY r.id, g.id, g.name, g.color
"""


def upgrade() -> None:
    connection = op.get_bind()
    present = set(sa.inspect(connection).get_table_names())
    # Referenced tables first.
    op.create_table(
        "profiler_environments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hash", sa.Text, unique=True),
        sa.Column("environment_json", sa.Text),
    )
    op.create_table(
        "profiler_workflows",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hash", sa.Text, unique=True),
        *_columns(BLOB, "prompt workflow"),
    )
    base = _base_tables()
    foreign = [name for name in base if name in present]
    for name, columns in base.items():
        if name not in present:
            keeps_ids = name in ("profiler_runs", "profiler_groups")
            op.create_table(name, *columns, sqlite_autoincrement=keeps_ids)
    if foreign:
        _adopt(connection, {name: base[name] for name in foreign})
    op.create_table(
        "profiler_step_devices",
        _references("step_id", "profiler_steps.id", ondelete="CASCADE", primary_key=True),
        sa.Column("device", sa.Text, primary_key=True),
        *_columns(BIG, "vram_start vram_max vram_end device_vram_max_bytes"),
        *_columns(DOUBLE, "gpu_load_max gpu_load_avg gpu_time_s energy_joules"),
    )
    op.create_table(
        "profiler_series",
        _references("run_id", "profiler_runs.id", ondelete="CASCADE", primary_key=True),
        sa.Column("metric", sa.Text, primary_key=True),
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        *_columns(TEXT, "unit"),
        *_columns(INTEGER, "sample_count"),
        *_columns(BLOB, "t_s value start_s"),
    )
    op.create_table(
        "profiler_snapshots",
        sa.Column("workflow_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        *_columns(TEXT, "hash nodes_json timestamp"),
    )
    for index, (table, names) in INDICES.items():
        op.create_index(index, table, names)
    connection.exec_driver_sql(GROUP_TOTALS)


def _adopt(connection: sa.Connection, tables: dict[str, list[sa.Column[Any]]]) -> None:
    """Bring base tables of another program to this revision, rows and extras kept."""
    rebuild: dict[str, tuple[list[str], bool]] = {}
    for name, wanted in tables.items():
        inspector = sa.inspect(connection)
        present = {column["name"].lower(): column for column in inspector.get_columns(name)}
        for column in wanted:
            if column.name not in present:
                op.add_column(name, sa.Column(column.name, column.type))
        key = {key.lower() for key in inspector.get_pk_constraint(name)["constrained_columns"]}
        too_strict = [
            column["name"]
            for lowered, column in present.items()
            if not column["nullable"] and lowered not in key and column.get("default") is None
        ]
        node_id = present.get("node_id")
        integer_ids = node_id is not None and not isinstance(node_id["type"], sa.Text)
        unique_names = name == "profiler_groups" and inspector.get_unique_constraints(name)
        if too_strict or integer_ids or unique_names:
            rebuild[name] = (too_strict, integer_ids)
    if connection.dialect.name == "sqlite":
        _rebuild_sqlite(connection, rebuild)
    else:
        for name, (too_strict, integer_ids) in rebuild.items():
            for column_name in too_strict:
                op.alter_column(name, column_name, nullable=True)
            if name == "profiler_groups":
                for constraint in sa.inspect(connection).get_unique_constraints(name):
                    op.drop_constraint(str(constraint["name"]), name)
            if integer_ids:
                op.alter_column(name, "node_id", type_=sa.Text(), postgresql_using="node_id::text")


def _rebuild_sqlite(connection: sa.Connection, rebuild: dict[str, tuple[list[str], bool]]) -> None:
    """SQLite changes a column only by copying its table; bring back what copying drops."""
    if not rebuild:
        return
    kept = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND type IN ('index', 'view', 'trigger') "
        "ORDER BY CASE type WHEN 'index' THEN 0 WHEN 'view' THEN 1 ELSE 2 END"
    ).fetchall()
    # A view or trigger that names a table which is away for a moment would stop the renaming.
    for kind, name, _ in reversed(kept):
        if kind != "index":
            connection.exec_driver_sql(f"DROP {kind.upper()} IF EXISTS {_quoted(name)}")
    for name, (too_strict, integer_ids) in rebuild.items():
        with warnings.catch_warnings():  # indices on expressions are not reflected, but brought back below
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
        if name == "profiler_groups":
            for constraint in [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]:
                table.constraints.discard(constraint)
        with op.batch_alter_table(name, recreate="always", copy_from=table) as batch:
            for column_name in too_strict:
                batch.alter_column(column_name, nullable=True)
            if integer_ids:
                batch.alter_column("node_id", type_=sa.Text())
    left = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master")}
    for _, name, sql in kept:
        if name not in left:
            connection.exec_driver_sql(sql)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
