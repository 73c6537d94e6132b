"""Indexes for long histories: any list of runs is answered from one, and found again in pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

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
]


def upgrade() -> None:
    server = op.get_bind().dialect.name == "postgresql"
    op.drop_index("ix_profiler_runs_status", "profiler_runs")
    op.drop_index("ix_profiler_runs_workflow_id", "profiler_runs")
    running = sa.text("status = 'running'")
    op.create_index(
        "ix_profiler_runs_running",
        "profiler_runs",
        ["status"],
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("ix_profiler_runs_workflow_hash", "profiler_runs", ["workflow_hash"])
    if server:
        newest = "timestamp DESC NULLS LAST, id DESC) INCLUDE (deleted_at, status"
        op.execute("DROP INDEX ix_profiler_runs_newest")
        op.execute(f"CREATE INDEX ix_profiler_runs_newest ON profiler_runs ({newest})")
        op.execute(f"CREATE INDEX ix_profiler_runs_listed ON profiler_runs (user_id, {newest})")
        by_workflow = f"workflow_id, {newest}, user_id"
        op.execute(f"CREATE INDEX ix_profiler_runs_workflow_id ON profiler_runs ({by_workflow})")
    else:
        op.create_index("ix_profiler_runs_listed", "profiler_runs", LISTED)
        op.create_index("ix_profiler_runs_workflow_id", "profiler_runs", ["workflow_id", "timestamp", "id"])
