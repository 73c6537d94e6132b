"""Which nodes of a recorded run belong to a group: kept with the run, looked up anew only by an edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model import Group
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from engine.workflow.groups import groups_of, nodes_of
from tests.unit.store.help import a_run, a_step, group_totals, query, record

PROMPT = {
    "50": {
        "class_type": "HolafProfilerGroup",
        "inputs": {"name": "work", "color": "#112233", "members": "Node 1\n*3"},
    }
}
STEPS = (a_step("1"), a_step("2", 1), a_step("3", 2), a_step("3.0.0.1", 3, parent_node_id="3"))


def put(writer: RunWriter, **fields: object) -> int:
    """A run that ended as a session ends one, its groups looked up from its prompt."""
    run = a_run(**{"steps": STEPS, "prompt": PROMPT, **fields})
    return record(writer, a_run(**{**fields, "steps": run.steps, "prompt": run.prompt, "groups": groups_of(
        run.prompt, None, nodes_of(run)
    )}))  # fmt: skip


def members(history: History, run_id: int) -> dict[str, tuple[str, ...]]:
    return {group.name: group.members for group in history.load_run(run_id).groups}


def counts(history: History, run_id: int) -> dict[str, int]:
    return {row["name"]: row["step_count"] for row in group_totals(history, run_id)}


def test_a_later_run_without_the_node_leaves_old_totals_alone(writer: RunWriter, history: History) -> None:
    first = put(writer)
    before = group_totals(history, first)
    assert members(history, first) == {"work": ("1", "3", "3.0.0.1")}
    later = put(writer, steps=(a_step("2"),))
    assert members(history, later) == {"work": ()}
    assert history.load_run(later).groups[0].unmatched == ("Node 1", "*3")
    assert group_totals(history, first) == before
    assert counts(history, first) == {"work": 3}


def test_a_group_node_that_was_deleted_counts_for_no_new_run(writer: RunWriter, history: History) -> None:
    first = put(writer)
    without = put(writer, prompt={})
    assert members(history, first) == {"work": ("1", "3", "3.0.0.1")}
    assert members(history, without) == {}
    assert group_totals(history, without) == []
    (group,) = history.list_groups("wf-1")
    assert group["members"] == ["1", "3"], "the panel names what stands on the canvas, not what is inside it"


def test_an_edit_in_the_panel_follows_into_recorded_runs(writer: RunWriter, history: History) -> None:
    first = put(writer)
    without = put(writer, prompt={})
    (group,) = history.list_groups("wf-1")
    history.update_group(group["id"], members=["3"])
    assert counts(history, first) == {"work": 2}
    assert counts(history, without) == {}, "a run that had no such Profiler Group does not get one"
    own = history.create_group(name="own", members=["2", "77"], workflow_id="wf-1")
    assert counts(history, without) == {"own": 1}
    history.update_group(own["id"], workflow_id="another")
    assert counts(history, without) == {}
    history.update_group(own["id"], name="renamed")
    history.delete_group(group["id"])
    assert members(history, first) == {}


def test_a_group_made_meanwhile_is_looked_up_as_the_run_is_written(
    writer: RunWriter, history: History
) -> None:
    history.create_group(name="everywhere", members=["3"])
    history.create_group(name="hers", members=["3"], user_id="ann")
    assert counts(history, put(writer)) == {"work": 3, "everywhere": 2}


def test_the_panels_groups_are_not_changed_by_a_run(writer: RunWriter, history: History) -> None:
    made = history.create_group(name="own", members=["2", "77"], workflow_id="wf-1")
    run = a_run(steps=STEPS)
    stored = history.groups_for("wf-1")
    record(writer, a_run(steps=STEPS, groups=groups_of(None, None, nodes_of(run), stored)))
    assert history.list_groups("wf-1") == [made]


def test_deleted_and_purged_runs_leave_no_members(
    writer: RunWriter, history: History, tmp_path: Path
) -> None:
    run_id = put(writer)
    history.delete_run(run_id)
    assert group_totals(history, run_id) == []
    history.restore_run(run_id)
    assert counts(history, run_id) == {"work": 3}
    history.delete_run(run_id)
    history.purge_deleted(-1.0)
    path = Path(history.database.url)
    assert query(path, "SELECT count(*) FROM profiler_run_group_members") == [(0,)]
    assert query(path, "SELECT count(*) FROM profiler_run_groups") == [(0,)]


def test_an_imported_history_keeps_the_members_of_its_runs(
    writer: RunWriter, history: History, tmp_path: Path
) -> None:
    other = Database(str(tmp_path / "other.db"))
    other_writer = RunWriter(other)
    there = put(other_writer)
    expected = members(History(other), there)
    other_writer.close()
    other.close()
    put(writer, workflow_id="something else", timestamp="2026-01-01T00:00:00.000Z")
    history.import_base_database(str(tmp_path / "other.db"))
    (row,), _ = history.list_runs(workflow="wf-1")
    assert members(history, row["id"]) == expected


@pytest.mark.parametrize("source", ["50", None])
def test_a_group_of_another_history_is_matched_by_its_name(
    writer: RunWriter, history: History, source: str | None
) -> None:
    group = Group(name="brought", members=("1",), source_node_id=source)
    runs = [record(writer, a_run(steps=STEPS, groups=(group,))) for _ in range(2)]
    assert len(history.list_groups("wf-1")) == 1
    assert [counts(history, run_id) for run_id in runs] == [{"brought": 1}] * 2
