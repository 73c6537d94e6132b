"""A host that ends right after a prompt: what was measured still reaches the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.store.help import child_environment, query

ENDS_AT_ONCE = """
import sys, time, types
from pathlib import Path

# Only the folder is asked of the host.
folder_paths = types.ModuleType("folder_paths")
folder_paths.get_user_directory = lambda: sys.argv[1]
sys.modules["folder_paths"] = folder_paths
from dataclasses import replace
from engine.host.run.archive import Archive
from engine.model import Run, Step
from tests.unit.store.help import Told

steps = tuple(Step(node_id=str(number), node_type="N", position=number) for number in range(3))
archive = Archive("default")
draft = Run(timestamp="2026-05-01T10:00:00.000Z")
archive.begin(draft, Told(*steps))
whole = replace(draft, status="success", steps=steps)

def make_run():
    time.sleep(0.5)  # a large run takes its time
    if sys.argv[2] == "fails":
        raise ValueError("on purpose")
    return whole

bare = replace(draft, status="partial")
archive.finish_with(make_run, lambda: bare, lambda run: archive.run_id(), lambda: None)
"""


def left_behind(tmp_path: Path, what: str) -> list[tuple[object, ...]]:
    child = subprocess.run(
        [sys.executable, "-c", ENDS_AT_ONCE, str(tmp_path), what],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ("on purpose" in child.stderr) == (what == "fails")
    (history,) = tmp_path.rglob("holaf_profiler.db")
    steps = "SELECT r.status, s.node_id FROM profiler_runs r JOIN profiler_steps s ON s.run_id = r.id"
    return query(history, f"{steps} ORDER BY s.position")


def test_a_run_that_is_being_put_together_is_kept_whole(tmp_path: Path) -> None:
    assert left_behind(tmp_path, "works") == [("success", "0"), ("success", "1"), ("success", "2")]


def test_a_run_that_cannot_be_put_together_keeps_all_its_steps(tmp_path: Path) -> None:
    assert left_behind(tmp_path, "fails") == [("partial", "0"), ("partial", "1"), ("partial", "2")]
