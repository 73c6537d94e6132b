"""The trace files of recorded operators: they go when their runs are gone for good, and not before."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model import NodeKernels
from engine.store import traces, upkeep
from engine.store.database import Database
from engine.store.history import History
from engine.store.run_file import RunFile
from engine.store.spool import Spool
from engine.store.upkeep import Limits
from tests.builders import sdxl_run


def stored(history: History, *names: str) -> list[int]:
    """One run for each trace file, whose files are there and old."""
    place = traces.folder(history.database)
    place.mkdir(exist_ok=True)
    ids = []
    for name in names:
        file = RunFile.of(
            replace(sdxl_run(), id=None, uuid=None, kernels=(NodeKernels(node_id="3", trace_file=name),))
        )
        file.save(history.database, 0.0)
        assert file.run_id is not None
        ids.append(file.run_id)
        aged(place / name)
    return ids


def aged(path: Path) -> None:
    path.write_bytes(b"trace")
    os.utime(path, (1e9, 1e9))


def names(history: History) -> set[str]:
    return {file.name for file in traces.folder(history.database).iterdir()}


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(Database(tmp_path / "history.db"))


def test_a_trace_goes_with_its_run_once_that_cannot_be_restored(history: History) -> None:
    first, _ = stored(history, "a.json.gz", "b.json.gz")
    history.delete_run(first)
    assert names(history) == {"a.json.gz", "b.json.gz"}
    history.restore_run(first)
    history.delete_run(first)
    history.purge_deleted(-1.0)
    assert names(history) == {"b.json.gz"}


def test_upkeep_and_emptying_take_traces_along(history: History) -> None:
    stored(history, "a.json.gz", "b.json.gz", "c.json.gz")
    upkeep.remove(history.database, upkeep.beyond(history.database, Limits(keep_runs=2), None))
    assert names(history) == {"b.json.gz", "c.json.gz"}
    upkeep.empty(history.database, None)
    assert names(history) == set()


def test_the_trace_of_a_run_that_is_still_to_be_written_stays(history: History) -> None:
    stored(history, "a.json.gz")
    place = traces.folder(history.database)
    (place / "new.json.gz").write_bytes(b"trace")
    history.purge_deleted()
    assert names(history) == {"a.json.gz", "new.json.gz"}
    aged(place / "new.json.gz")
    Spool(history.database).keep(replace(sdxl_run(), id=None, uuid="0" * 32))
    history.purge_deleted()
    assert names(history) == {"a.json.gz", "new.json.gz"}
