"""Each step keeps when its models were loaded and when its sampler's steps ended; older steps do not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("profiler_steps", sa.Column("load_spans_json", sa.Text()))
    op.add_column("profiler_steps", sa.Column("sampler_step_spans_json", sa.Text()))
