"""ComfyUI's own execution tests with every prompt profiled: the same ones pass as without the pack.

``python -m tests.comfyui.host_suite VERSION ...`` runs all of ``tests/execution`` of the first version and
the executor's tests of the others: without the pack, with a Profiler Start in every prompt, and for the first
one with a Profiler Report too. Each runs in a copy of the tree, where servers get longer to start. Prints a
line for each; 1 where one differs.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from .cache import say
from .junit import Results, passed, read_results
from .pack import install_double, install_pack
from .problem import ProvisioningError
from .provision import Host, provision
from .server import free_port

ALL = ("tests/execution",)
RELEVANT = ("tests/execution/test_execution.py", "tests/execution/test_async_nodes.py")
TIMEOUT_S = 1800.0
TRIES = ("n_tries = 5", "n_tries = 30")
"""How often its tests ask, every four seconds, whether their server is up: as they come, and here."""
SOUND_SHARE = 0.9
"""So many of ComfyUI's tests must pass without the pack, or the comparison says nothing."""


def run(host: Host, mode: str, tests: Sequence[str]) -> tuple[Results, int, float]:
    """The results of one run, how many prompts were profiled, and its seconds.

    ``mode``: "", "start" or "report".
    """
    with tempfile.TemporaryDirectory(prefix="host-suite-") as folder:
        tree = Path(folder) / "ComfyUI"
        shutil.copytree(host.tree, tree, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        for file in (tree / ALL[0]).glob("test_*.py"):
            file.write_text(file.read_text(encoding="utf-8").replace(*TRIES), encoding="utf-8")
        if mode:
            install_pack(tree / "custom_nodes")
            install_double(tree / "custom_nodes", "force_profiling")
        found = Path(folder) / "results.xml"
        # Its tests start "python main.py" themselves.
        path = os.pathsep.join([str(host.python.parent), os.environ.get("PATH", "")])
        environment = {**os.environ, "PATH": path, "FORCE_PROFILING": mode, "HF_HUB_OFFLINE": "1"}
        command = [str(host.python), "-m", "pytest", *tests, "-q", "-p", "no:cacheprovider"]
        command += ["--junitxml", str(found), "--port", str(free_port()), "--skip-timing-checks"]
        log = Path(folder) / "log.txt"
        began_s = time.monotonic()
        with log.open("wb") as out:
            subprocess.run(
                command, cwd=tree, env=environment, stdout=out, stderr=out, timeout=TIMEOUT_S, check=False
            )
        if not found.is_file():
            raise ProvisioningError(
                f"ComfyUI's tests did not run:\n{log.read_text(errors='replace')[-3000:]}"
            )
        return read_results(found), count_runs(tree), time.monotonic() - began_s


def count_runs(tree: Path) -> int:
    """How many runs the history of a ComfyUI holds."""
    total = 0
    for database in (tree / "user").rglob("holaf_profiler.db"):
        with closing(sqlite3.connect(database)) as connection:
            total += connection.execute("SELECT count(*) FROM profiler_runs").fetchone()[0]
    return total


def compare(host: Host, tests: Sequence[str], modes: Sequence[str]) -> bool:
    """Whether the same tests pass in every mode as do without the pack; says what it found."""
    plain, _, seconds = run(host, "", tests)
    print(
        f"ComfyUI {host.version}: {len(passed(plain))} of {len(plain)} tests pass without the pack, "
        f"in {seconds:.0f} s",
        flush=True,
    )
    ran = [ended for ended in plain.values() if ended != "skipped"]
    same = len(passed(plain)) > SOUND_SHARE * len(ran)
    if not same:
        print("  too few to compare with", flush=True)
    for mode in modes:
        profiled, runs, seconds = run(host, mode, tests)
        lost = sorted(passed(plain) - passed(profiled))
        what = "a Start" if mode == "start" else "a Start and a Report"
        print(
            f"ComfyUI {host.version}: {len(passed(profiled))} pass with {what} in every prompt "
            f"({runs} runs recorded), in {seconds:.0f} s"
            + "".join(f"\n  fails only when profiled: {name}" for name in lost),
            flush=True,
        )
        same = same and not lost and runs > 0
    return same


def main(versions: Sequence[str]) -> int:
    """The command; 0 where profiling changes nothing."""
    try:
        hosts = provision(*versions)
    except ProvisioningError as problem:
        say(str(problem))
        return 1
    same = [
        compare(host, RELEVANT if number else ALL, ("start",) if number else ("start", "report"))
        for number, host in enumerate(hosts)
    ]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
