"""Each step keeps how often its node was executed, which loops do several times; older steps do not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("profiler_steps", sa.Column("execution_count", sa.Integer()))
