"""The members of each group are kept with each run, instead of being looked up anew by every reader.

Runs recorded before get the members that the view of revision 0001 found for them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

MEMBERS = """
INSERT INTO profiler_run_group_members (run_id, group_id, node_id)
SELECT DISTINCT r.id, g.id, s.node_id
FROM profiler_runs r
JOIN profiler_groups g
  ON (g.workflow_id IS NULL
      OR g.workflow_id = coalesce(r.workflow_id, r.workflow_hash, 'run:' || r.id))
 AND (g.user_id IS NULL OR r.user_id IS NULL OR g.user_id = r.user_id)
JOIN profiler_steps s
  ON s.run_id = r.id
 AND coalesce(s.role, 'node') = 'node'
 AND s.node_id IS NOT NULL
 AND EXISTS (
    SELECT 1 FROM profiler_group_members m
    WHERE m.group_id = g.id
      AND (s.node_id = m.node_id
           OR s.display_node_id = m.node_id
           OR substr(s.node_id, 1, length(m.node_id) + 1) = m.node_id || ':'
           OR substr(s.display_node_id, 1, length(m.node_id) + 1) = m.node_id || ':'))
"""
GROUPS = """
INSERT INTO profiler_run_groups (run_id, group_id, position)
SELECT DISTINCT run_id, group_id, group_id FROM profiler_run_group_members
"""
TOTALS = """
CREATE VIEW profiler_group_totals AS
SELECT m.run_id AS run_id, g.id AS group_id, g.name AS name, g.color AS color,
       count(*) AS step_count, sum(s.exec_time) AS exec_time,
       max(s.vram_max) AS vram_max, max(s.ram_max_bytes) AS ram_max_bytes,
       sum(s.energy_joules) AS energy_joules, count(s.energy_joules) AS energy_count
FROM profiler_run_group_members m
JOIN profiler_groups g ON g.id = m.group_id
JOIN profiler_runs r ON r.id = m.run_id
JOIN profiler_steps s
  ON s.run_id = m.run_id
 AND s.node_id = m.node_id
 AND coalesce(s.role, 'node') = 'node'
WHERE r.deleted_at IS NULL
GROUP BY m.run_id, g.id, g.name, g.color
"""


def _key(name: str, table: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    connection = op.get_bind()
    run, group = ("run_id", "profiler_runs"), ("group_id", "profiler_groups")
    op.create_table(
        "profiler_run_groups",
        _key(*run),
        _key(*group),
        sa.Column("position", sa.Integer),
        sa.Column("unmatched_json", sa.Text),
    )
    op.create_table(
        "profiler_run_group_members",
        _key(*run),
        _key(*group),
        sa.Column("node_id", sa.Text, primary_key=True),
    )
    connection.exec_driver_sql("DROP VIEW profiler_group_totals")
    for statement in (MEMBERS, GROUPS, TOTALS):
        connection.exec_driver_sql(statement)
