"""What is stored once is unique: a run by its UUID, a Group node's group by its node.

Groups that two workers stored twice become one, the older. Runs say in what PID
namespace their worker counts, and in what they differ from the stored workflow of their structure.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

_OLDEST = """
SELECT min(id) FROM profiler_groups WHERE source_node_id IS NOT NULL
GROUP BY workflow_id, user_id, source_node_id
"""


def upgrade() -> None:
    connection = op.get_bind()
    for name in ("uuid", "worker_pid_space", "workflow_values_json"):
        op.add_column("profiler_runs", sa.Column(name, sa.Text()))
    doubles = f"SELECT id FROM profiler_groups WHERE source_node_id IS NOT NULL AND id NOT IN ({_OLDEST})"
    op.execute(f"DELETE FROM profiler_group_members WHERE group_id IN ({doubles})")
    op.execute(f"DELETE FROM profiler_groups WHERE source_node_id IS NOT NULL AND id NOT IN ({_OLDEST})")
    op.create_index("ux_profiler_runs_uuid", "profiler_runs", ["uuid"], unique=True)
    op.create_index(
        "ux_profiler_groups_source",
        "profiler_groups",
        ["workflow_id", "user_id", "source_node_id"],
        unique=True,
    )
    op.drop_index("ix_profiler_groups_workflow_id", "profiler_groups")
    op.drop_index("ix_profiler_runs_timestamp", "profiler_runs")
    if connection.dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_profiler_runs_newest ON profiler_runs (timestamp DESC NULLS LAST, id DESC)"
        )
    else:
        op.create_index("ix_profiler_runs_newest", "profiler_runs", ["timestamp", "id"])
