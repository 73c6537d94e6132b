"""Each run keeps what it got less of than it asked for; older runs do not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("profiler_runs", sa.Column("contention", sa.Text()))
