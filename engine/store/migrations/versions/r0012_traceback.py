"""Each step that failed keeps the calls that led to its error; older steps do not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("profiler_steps", sa.Column("error_traceback", sa.Text()))
