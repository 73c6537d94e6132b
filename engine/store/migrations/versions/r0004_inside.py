"""What was seen inside nodes: call trees, time by owner, and operators recorded on demand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def _run_id() -> sa.Column[int]:
    of_run = sa.ForeignKey("profiler_runs.id", ondelete="CASCADE")
    return sa.Column("run_id", sa.Integer, of_run, primary_key=True)


def upgrade() -> None:
    op.add_column("profiler_runs", sa.Column("inside", sa.Text()))
    op.add_column("profiler_steps", sa.Column("foreign_time_s", sa.Double()))
    op.add_column("profiler_steps", sa.Column("foreign_pack", sa.Text()))
    op.create_table(
        "profiler_stacks",
        _run_id(),
        sa.Column("functions", sa.LargeBinary()),
        sa.Column("frames", sa.LargeBinary()),
    )
    op.create_table(
        "profiler_owner_times",
        _run_id(),
        sa.Column("node_id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("time_s", sa.Double()),
        sa.Column("is_foreign", sa.Boolean()),
    )
    op.create_table(
        "profiler_kernels",
        _run_id(),
        sa.Column("node_id", sa.Text(), primary_key=True),
        sa.Column("exec_time", sa.Double()),
        sa.Column("usual_s", sa.Double()),
        sa.Column("usual_run_id", sa.Integer()),
        sa.Column("trace_file", sa.Text()),
        sa.Column("operators", sa.LargeBinary()),
    )
