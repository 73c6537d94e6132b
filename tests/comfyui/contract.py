"""Run the contract tests against several ComfyUI versions, two at a time.

``python -m tests.comfyui.contract VERSION ...`` prints each version's output when it is complete. With
``COMFYUI_PATH`` there is one ComfyUI, and one run. What has nothing to do with ComfyUI's version runs against
the newest only. ``--table`` adds hosts that are bent before they start, a dozen servers a version, and writes
the results into the README.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .cache import REPOSITORY, say
from .junit import read_results
from .trees import NEWEST, PATH_VARIABLE
from .versions_table import write

_AT_A_TIME = 2


def run(version: str | None, results: Path, bent: bool) -> tuple[int, str]:
    """Exit code and output of the contract tests against one version; ``results`` becomes a JUnit file."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/contract",
        "-p",
        "no:cacheprovider",
        "--color=no",
        "--junitxml",
        str(results),
    ]
    if version is not None:
        command += ["--comfyui", version]
    left_out = [] if bent else ["not own_server"]
    left_out += [] if version in (None, NEWEST) else ["not any_version"]
    command += ["-m", " and ".join(left_out)] if left_out else []
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def main(versions: list[str]) -> int:
    """The command; 0 where all versions passed."""
    with_table, versions = "--table" in versions, [name for name in versions if name != "--table"]
    wanted: list[str | None] = [None] if os.environ.get(PATH_VARIABLE) or not versions else list(versions)
    say(f"Contract tests against ComfyUI {', '.join(version or 'as given' for version in wanted)} ...")
    failed = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_A_TIME) as pool:
        files = [Path(folder) / f"{number}.xml" for number in range(len(wanted))]
        for version, (code, output) in zip(
            wanted, pool.map(run, wanted, files, [with_table] * len(wanted)), strict=True
        ):
            print(f"\n--- ComfyUI {version or 'as given'}\n{output}", flush=True)
            if code:
                failed.append(version or "as given")
        found = zip(wanted, files, strict=True)
        if with_table:
            write({name or "as given": read_results(file) for name, file in found if file.is_file()})
    if failed:
        print(f"Contract tests failed against ComfyUI {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
