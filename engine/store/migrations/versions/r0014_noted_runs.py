"""Whether there are runs that were only noted is known at once: usually there are none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_index(
        "ix_profiler_runs_noted",
        "profiler_runs",
        ["id"],
        sqlite_where=sa.text("profiled = 0"),
        postgresql_where=sa.text("NOT profiled"),
    )
