"""A host that ends right after a prompt: what was measured still reaches the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.store.help import child_environment, query

ENDS_AT_ONCE = """
import sys, threading
from pathlib import Path
from tests.unit.host.run import fake_host

fake_host.install(Path(sys.argv[1]))
from engine.host.run import archive, background, composition, start

archive.EXIT_S = 120.0  # however busy this machine is

# A first run makes the history, which takes longer than an exit may.
first = fake_host.HandRun(start.begin, "first")
first.end()
assert first.session.archive.run_id(30.0)
assemble, finish_all, ending = composition.assemble, background.finish_all, threading.Event()

def late(*given):
    assert ending.wait(60.0)
    return assemble(*given)

def finish(timeout_s):
    ending.set()
    finish_all(timeout_s)

composition.assemble, background.finish_all = late, finish
run = fake_host.HandRun(start.begin)
run.run("1", "2")
run.end()
"""


def test_a_run_that_is_being_composed_as_the_host_ends_is_kept_whole(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", ENDS_AT_ONCE, str(tmp_path)],
        env=child_environment(),
        check=True,
        timeout=60,
    )
    (history,) = tmp_path.rglob("holaf_profiler.db")
    steps = (
        "SELECT r.status, s.node_id, s.status FROM profiler_runs r JOIN profiler_steps s ON s.run_id = r.id"
    )
    where = "WHERE r.prompt_id = 'p' AND s.node_type IN ('Load', 'Save')"
    assert query(history, f"{steps} {where} ORDER BY s.position") == [
        ("success", "1", "ok"),
        ("success", "2", "ok"),
    ]
