"""What the pack adds to ComfyUI's end by Ctrl+C, with a history that answers and with one that does not.

Fresh processes, interleaved: without the pack; with it and runs in an SQLite file; with a PostgreSQL that
stopped answering before the last two of four profiled prompts. Each ran the same prompts, profiled or not.

``python -m metrics.ending [ROUNDS]`` prints a table and writes ``metrics/results/ending.md``.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.comfyui.client import wait_for
from tests.comfyui.provision import Host, provision
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.unit.store import postgres
from tests.unit.store.postgres import Postgres

from .result import MACHINE, write

LIMIT_S = 1.0
PLAIN = "without the pack"
MODES = (PLAIN, "its history in a file", "its history on a PostgreSQL", "a PostgreSQL that does not answer")


def prompt(name: str, *, profiled: bool) -> Scene:
    """Two nodes, and where profiled a Report and a Compare, which wants the history."""
    made = Scene()
    made.show(made.add("Pass", id="1", value=name), id="2")
    if profiled:
        made.start(run_name=name)
        made.report()
        made.add("HolafProfilerCompare", baseline="previous", candidate="this run", theme="dark")
    return made


@contextmanager
def mute(server: Postgres | None) -> Iterator[None]:
    """While it lasts, the server answers nothing."""
    if server is not None:
        server.pause()
    try:
        yield
    finally:
        if server is not None:
            server.go_on()


def end_seconds(host: Host, mode: str, database: Postgres) -> float:
    """From Ctrl+C to the end of one process."""
    profiled, remote = mode != PLAIN, "PostgreSQL" in mode
    environment = {"HOLAF_PROFILER_DATABASE_URL": database.url} if remote else {}
    with (
        tempfile.TemporaryDirectory() as base,
        Server(host, Path(base), pack=profiled, environment=environment) as server,
    ):

        def run(count: int) -> None:
            for number in range(count):
                server.client.wait(server.client.queue(prompt(f"{mode} {number}", profiled=profiled).prompt))

        run(2)
        with mute(database if "not answer" in mode else None):
            run(2)
            begun_s = time.monotonic()
            os.kill(server.pid, signal.SIGINT)
            wait_for(lambda: not server.running, "the end of ComfyUI", 60.0)
            return time.monotonic() - begun_s


def main() -> int:
    """Measure, print, write; 1 where the limit is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    (host,) = provision("0.30.0")
    ends: dict[str, list[float]] = {mode: [] for mode in MODES}
    with postgres.running() as database:
        for _ in range(rounds):
            for mode in MODES:
                ends[mode].append(end_seconds(host, mode, database))
                print(mode, round(ends[mode][-1], 2), file=sys.stderr, flush=True)
    usual_s = statistics.median(ends[PLAIN])
    lines = ["| ComfyUI | median | slowest | added | limit |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {mode} | {statistics.median(found):.2f} s | {max(found):.2f} s | "
        f"{statistics.median(found) - usual_s:+.2f} s | {LIMIT_S:+.1f} s |"
        for mode, found in ends.items()
    ]
    write(
        "ending",
        "# What the pack adds to ComfyUI's end by Ctrl+C\n\n"
        f"{rounds} fresh processes of each, interleaved, after four prompts. {MACHINE}.\n\n"
        + "\n".join([*lines, ""]),
    )
    return int(any(statistics.median(found) - usual_s > LIMIT_S for found in ends.values()))


if __name__ == "__main__":
    sys.exit(main())
