"""Files that hold anything anywhere are imported, and what comes out can be worked with."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.host.api.http import to_json
from engine.render import formats
from engine.render.options import Options
from engine.render.report import prepare
from engine.store import mend_types, schema
from engine.store.database import Database
from engine.store.history import History
from engine.store.mend_types import mend
from engine.store.writer import RunWriter
from tests.builders import inside_run, two_gpu_run
from tests.unit.store.help import record

CASES = int(os.environ.get("FUZZ_CASES", "150"))
"""``make test-fuzz`` tries many more."""

ANYTHING = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20),
    st.binary(max_size=20),
    st.sampled_from(["[]", "{}", "[1]", '["x"]', '{"a": 1}', "null", "[[]]", "success", "node", "precise"]),
)
COLUMNS = [
    (table.name, column.name)
    for table in schema.metadata.sorted_tables
    for column in table.columns
    if not column.primary_key
    and not column.foreign_keys
    and column.name not in ("uuid", "hash", "deleted_at")
]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with one run of everything."""
    path = tmp_path_factory.mktemp("original") / "history.db"
    database = Database(path)
    seen = inside_run()
    inside = {"stacks": seen.stacks, "owner_times": seen.owner_times, "kernels": seen.kernels}
    record(RunWriter(database), replace(two_gpu_run(), **inside))
    History(database).create_group(name="g", members=["1"])
    database.close()
    return path


@settings(
    max_examples=CASES // 10,
    deadline=None,
    derandomize="FUZZ_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(changes=st.dictionaries(st.sampled_from(COLUMNS), ANYTHING, min_size=1, max_size=8))
def test_a_history_of_any_values_is_imported_and_shown(
    original: Path, tmp_path_factory: pytest.TempPathFactory, changes: dict[tuple[str, str], Any]
) -> None:
    folder = tmp_path_factory.mktemp("imported")
    path = folder / "theirs.db"
    path.write_bytes(original.read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        for (table, column), value in changes.items():
            connection.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ?', (value,))
    database = Database(folder / "mine.db")
    try:
        history = History(database)
        assert history.import_base_database(str(path))["runs"] == 1
        (row,), _ = history.list_runs()
        for answer in (row, history.run_row(row["id"]), history.step_rows(row["id"]), history.list_groups()):
            json.loads(to_json(answer).text or "")
        report = prepare(history.load_run(row["id"]), Options())
        json.loads(to_json(history.inside_of(row["id"])).text or "")
        for kind in ("txt", "csv", "json", "html", "speedscope"):
            assert formats.export(report, kind).data
        assert history.import_base_database(str(path))["runs"] == 0
    finally:
        database.close()


def test_a_sound_history_stays_as_it_is(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    path.write_bytes(original.read_bytes())
    assert mend(path) == 0


def test_bytes_and_words_in_the_wrong_columns_are_mended(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    path.write_bytes(original.read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE profiler_runs SET name = x'ff00fe', total_time = 'long', pinned = 'yes'")
        connection.execute("UPDATE profiler_runs SET devices_json = '7', status = 'fine', timestamp = 17.5")
    assert mend(path) == 5
    with closing(sqlite3.connect(path)) as connection:
        columns = "name, total_time, pinned, devices_json, status, timestamp"
        found = connection.execute(f"SELECT {columns} FROM profiler_runs").fetchone()
    assert found == ("\ufffd\ufffd\ufffd", None, None, None, None, "17.5")


def test_every_column_of_json_is_looked_at() -> None:
    columns = {column.name for table in schema.metadata.tables.values() for column in table.columns}
    # The text of a node's inputs is shown as it is; a workflow that cannot be put together is left out.
    unread = {"inputs_json", "workflow_values_json"}
    assert {name for name in columns if name.endswith("_json")} - unread == set(mend_types._STRUCTURES)
