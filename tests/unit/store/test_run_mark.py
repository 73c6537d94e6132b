"""The file that names the node at work: who holds it, and what is left of it after a kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.store import run_mark
from engine.store.run_mark import RunMark
from tests.unit.store.help import child_environment

HOLDER = """
import sys
from pathlib import Path
from engine.store import run_mark
if sys.argv[2] == "through the file":
    run_mark._keeps_blocks = lambda folder: False
mark = run_mark.RunMark(Path(sys.argv[1]))
mark.name("a long name that is gone")
mark.name("7:3")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["mapped", "through the file"])
def test_a_killed_process_leaves_the_name_of_its_node(tmp_path: Path, how: str) -> None:
    path = tmp_path / "history.db-running-1"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment(),
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == b"held"
        assert run_mark.state(path) == "held"
    finally:
        holder.kill()
        holder.communicate()
    assert run_mark.state(path) == "left"
    assert run_mark.node_at_work(path, "otherwise") == "7:3"


def test_a_process_knows_its_own_runs(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    mark = RunMark(path)
    assert run_mark.state(path) == "held"
    assert run_mark.node_at_work(path, "from the database") == "from the database"  # not named yet
    mark.name("1" * 1000)
    assert run_mark.node_at_work(path, None) == "1" * run_mark.SIZE
    mark.name(None)
    assert run_mark.node_at_work(path, "from the database") is None
    mark.remove()
    assert (run_mark.state(path), path.exists()) == ("none", False)
    mark.name("late")  # a node that ends after its run does no harm
    mark.remove()


def test_a_run_that_was_given_up_is_left(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    mark = RunMark(path)
    mark.name("5")
    mark.abandon()
    assert run_mark.state(path) == "left"
    assert run_mark.node_at_work(path, None) == "5"


def test_a_folder_that_is_away_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        RunMark(tmp_path / "nowhere" / "mark")
