"""Command line: make a real ComfyUI and its environment ready, and say where they are.

``python -m tests.comfyui.provision [VERSION ...]`` prints the environment's interpreter and then one tree a
line. ``... --run ARGUMENTS`` hands over to that interpreter with these arguments. A second call does nothing
and takes a fraction of a second. A problem is one sentence on stderr and exit code 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .cache import cache_folder, only_one
from .environment import build_environment, named_python, pip_command
from .problem import ProvisioningError
from .trees import NEWEST, VERSIONS, named_tree, registry_tree


@dataclass(frozen=True, slots=True)
class Host:
    """A ComfyUI that can be started: its source tree and the interpreter that runs it."""

    version: str
    tree: Path
    python: Path


def provision(*versions: str) -> list[Host]:
    """Make the named ComfyUI versions ready (without a name: the newest). ``COMFYUI_PATH`` overrides all.

    ``COMFYUI_PYTHON`` names an interpreter to use instead of an environment built for the purpose.
    Raises :class:`ProvisioningError` with a sentence for the person at the keyboard.
    """
    cache = cache_folder()
    with only_one(cache):
        named = named_tree()
        if named is not None:
            python = named_python() or build_environment(cache / "venv-own", named)
            return [Host(tree_version(named), named, python)]
        newest = _registry(cache, NEWEST)
        python = named_python() or build_environment(cache / "venv", newest)
        return [Host(version, _registry(cache, version), python) for version in versions or (NEWEST,)]


def _registry(cache: Path, version: str) -> Path:
    # pip is looked for only where there is something to download: asking costs half a second
    return registry_tree(cache, version, lambda: pip_command(cache))


def tree_version(tree: Path) -> str:
    """The version that a ComfyUI tree says it is, or ``unknown``."""
    try:
        text = (tree / "comfyui_version.py").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    return next(
        (line.split('"')[1] for line in text.splitlines() if line.startswith("__version__")), "unknown"
    )


def _hand_over(command: list[str]) -> int:
    """Become ``command``, so that Ctrl+C reaches it and nobody cuts its clean-up short."""
    sys.stdout.flush()
    # Dozens of ComfyUIs start in a test run; without bytecode each start takes 16 s of CPU instead of 7.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def main(arguments: list[str]) -> int:
    """The command. Arguments are ComfyUI versions, or ``all``, or ``--run`` and what to run."""
    run = arguments[1:] if arguments[:1] == ["--run"] else None
    versions = () if run is not None else VERSIONS if arguments == ["all"] else tuple(arguments)
    try:
        hosts = provision(*versions)
        if run is not None:
            return _hand_over([str(hosts[0].python), *run])
    except ProvisioningError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    print(hosts[0].python)
    for host in hosts:
        print(host.tree)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
