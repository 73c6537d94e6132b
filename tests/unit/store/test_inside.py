"""What was seen inside nodes comes back from the history as it was, and goes with its run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from engine.model import (
    Function,
    NodeKernels,
    Operator,
    Owner,
    OwnerTime,
    Run,
    RunSettings,
    Stacks,
    StackTree,
)
from engine.store.database import Database
from engine.store.history import History
from engine.store.queries import inside
from engine.store.run_file import RunFile
from tests.builders import sdxl_run

STACKS = Stacks(
    owners=(Owner("core", "ComfyUI"), Owner("pack", "<b>Extra</b>")),
    functions=(
        Function("sample", "comfy/samplers.py", 12, 0),
        Function("<lambda>", "extra/x.py", 3, 1, True),
    ),
    trees=(
        StackTree(
            node_id="3",
            owner=0,
            sample_count=5,
            functions=(0, 1, 1),
            parents=(-1, 0, 1),
            self_s=(0.125, 0.25, 1e-6),
        ),
        StackTree(
            node_id="7:3", thread="worker", sample_count=1, functions=(1,), parents=(-1,), self_s=(2.0,)
        ),
    ),
    pace_s=0.02,
    truncated=True,
)
KERNELS = NodeKernels(
    node_id="3",
    operators=(Operator("aten::mm", 12, 1.5, None, 1024, None, "2x3"),),
    exec_time=2.0,
    usual_s=1.0,
    usual_run_id=7,
    recorded_s=0.5,
    trace_file="run_7_3.json.gz",
)
TIMES = (OwnerTime("3", "pack", "<b>Extra</b>", 0.25, True), OwnerTime("3", "core", "ComfyUI", 0.125))


def run() -> Run:
    return replace(
        sdxl_run(),
        settings=RunSettings(inside="kernels", inside_group="Samplers"),
        stacks=STACKS,
        owner_times=TIMES,
        kernels=(KERNELS,),
    )


def stored(folder: Path) -> tuple[History, int]:
    database = Database(folder / "history.db")
    file = RunFile.of(run())
    file.save(database, 0.0)
    assert file.run_id is not None
    return History(database), file.run_id


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    history, run_id = stored(tmp_path)
    found = history.load_run(run_id)
    assert found.stacks == STACKS
    assert found.owner_times == TIMES
    assert found.kernels == (KERNELS,)
    assert found.settings.inside_group == "Samplers"
    assert history.run_row(run_id)["inside"] == "kernels"
    assert history.owner_times_of([run_id, 99]) == {run_id: TIMES}
    assert history.load_run(run_id, with_series=False).stacks is None


def test_a_run_that_is_removed_takes_it_along(tmp_path: Path) -> None:
    history, run_id = stored(tmp_path)
    history.delete_run(run_id)
    history.purge_deleted(-1.0)
    with history.database.read() as connection:
        for table in inside.TABLES:
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_an_imported_history_brings_it(tmp_path: Path) -> None:
    history, _ = stored(tmp_path)
    history.close()
    (tmp_path / "other").mkdir()
    target = History(Database(tmp_path / "other" / "history.db"))
    target.import_base_database(str(tmp_path / "history.db"))
    (row,), _ = target.list_runs()
    assert target.load_run(row["id"]).stacks == STACKS
    assert target.load_run(row["id"]).kernels == (replace(KERNELS, trace_file=None),), "its file stays there"


def test_packing_is_compact() -> None:
    """A tree of 20,000 frames takes less than 20 bytes a frame."""
    count = 20_000
    tree = StackTree(
        node_id="1",
        functions=tuple(number % 97 for number in range(count)),
        parents=tuple(number - 1 for number in range(count)),
        self_s=tuple(number % 13 / 20 for number in range(count)),
    )
    functions, frames = inside.pack(replace(STACKS, trees=(tree,)))
    assert len(functions) + len(frames) < 20 * count
    assert inside.unpack(functions, frames).trees == (tree,)
