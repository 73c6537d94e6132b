"""How much of a node the recording of its operators covers, where that is not all of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("profiler_kernels", sa.Column("recorded_s", sa.Double()))
