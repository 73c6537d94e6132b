"""What a run made, what happened in it, how it came to run; and runs that were only noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

COLUMNS = {
    "profiled": sa.Boolean,
    "sizes_json": sa.Text,
    "outputs_json": sa.Text,
    "output_count": sa.Integer,
    "frame_count": sa.Integer,
    "scene_count": sa.Integer,
    "events_json": sa.Text,
    "queue_position": sa.Integer,
    "queue_wait_s": sa.Double,
    "attempt": sa.Integer,
    "retry_of": sa.Integer,
    "ram_before_bytes": sa.BigInteger,
    "ram_after_bytes": sa.BigInteger,
    "vram_before_bytes": sa.BigInteger,
    "vram_after_bytes": sa.BigInteger,
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("profiler_runs", sa.Column(name, kind()))
