"""Each step keeps its share of the run, in which overlapping nodes are divided; older steps have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("profiler_steps", sa.Column("time_share", sa.Double()))
