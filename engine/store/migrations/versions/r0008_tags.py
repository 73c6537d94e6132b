"""A run has tags and says what its workflow is called; lists filter by both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
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
    "workflow_name",
    "tags_json",
]


def upgrade() -> None:
    op.add_column("profiler_runs", sa.Column("workflow_name", sa.Text()))
    op.add_column("profiler_runs", sa.Column("tags_json", sa.Text()))
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_profiler_runs_listed", "profiler_runs")
        op.create_index("ix_profiler_runs_listed", "profiler_runs", LISTED)
