"""One Python environment that boots every supported ComfyUI and runs the tests.

Built by uv from the newest tree's requirements, ours, and the development tools. Complete only with its
stamp; built anew when any of its inputs changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .cache import REPOSITORY, digest, remove, say, stamped, write_stamp
from .problem import ProvisioningError
from .trees import last_line

TORCH = ("torch==2.11.0", "torchvision==0.26.0", "torchaudio==2.11.0")
"""A matched set: other combinations do not import."""
PYTHON_VARIABLE = "COMFYUI_PYTHON"
DEV_REQUIREMENTS = REPOSITORY / "tests" / "requirements.txt"


def environment_python(folder: Path) -> Path:
    """The interpreter of the environment in ``folder``."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def named_python() -> Path | None:
    """The interpreter that ``COMFYUI_PYTHON`` names, or ``None`` where it is not set.

    For a GPU whose driver does not fit :data:`TORCH`, and for machines without a network.
    """
    named = os.environ.get(PYTHON_VARIABLE)
    if not named:
        return None
    python = Path(named).expanduser().absolute()  # not resolved: an environment is known by its link
    wanted = "import importlib.util as u; print(*(n for n in ('torch', 'pytest') if u.find_spec(n) is None))"
    done = _run([str(python), "-c", wanted])
    if done.returncode:
        raise ProvisioningError(
            f"{PYTHON_VARIABLE} is {python}, which does not run: {last_line(done.stderr)}."
        )
    if missing := done.stdout.split():
        raise ProvisioningError(
            f"The Python that {PYTHON_VARIABLE} names lacks {' and '.join(missing)}: "
            "install ComfyUI's requirements, the pack's and tests/requirements.txt into it."
        )
    return python


def pip_command(cache: Path) -> list[str]:
    """A pip that works: this interpreter's own, else one in a small environment made for it."""
    own = [sys.executable, "-m", "pip"]
    if _works([*own, "--version"]):
        return [*own, "--disable-pip-version-check"]
    python = environment_python(cache / "bootstrap")
    if not _works([str(python), "-m", "pip", "--version"]):
        remove(cache / "bootstrap")
        done = _run([sys.executable, "-m", "venv", str(cache / "bootstrap")])
        if done.returncode:
            raise ProvisioningError(
                "This Python has neither pip nor a working venv: install them first "
                "(on Debian: apt-get install python3-venv)."
            )
    return [str(python), "-m", "pip", "--disable-pip-version-check"]


def build_environment(folder: Path, tree: Path) -> Path:
    """The interpreter of the environment in ``folder``, which is built if it is missing or out of date."""
    cache = folder.parent
    requirements = [tree / "requirements.txt", REPOSITORY / "requirements.txt", DEV_REQUIREMENTS]
    version = ".".join(map(str, sys.version_info[:3]))
    key = digest(version, *TORCH, *(path.read_bytes() for path in requirements))
    python = environment_python(folder)
    stamp = stamped(folder, key)
    if stamp is not None and python.exists() and _distributions(folder) >= int(str(stamp["distributions"])):
        return python
    if Path(sys.prefix).resolve() == folder.resolve():
        raise ProvisioningError(
            "The test environment is out of date and cannot rebuild itself: run make provision."
        )
    uv = _uv_command(cache)
    say("Building the test environment (torch and ComfyUI's requirements; minutes the first time) ...")
    remove(folder)
    done = _run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
    if done.returncode:
        raise ProvisioningError(f"The test environment could not be made: {last_line(done.stderr)}.")
    constraints = cache / "constraints.txt"
    constraints.write_text("\n".join(TORCH) + "\n", encoding="utf-8")
    command = [*uv, "pip", "install", "--python", str(python), "--constraint", str(constraints)]
    for path in requirements:
        command += ["--requirement", str(path)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env=_uv_environment(cache))
    if done.returncode:
        raise ProvisioningError(
            f"Packages could not be installed ({last_line(done.stderr)}): check the network and the disk."
        )
    write_stamp(folder, key, distributions=_distributions(folder), python=version)
    say(f"The test environment is ready: {_distributions(folder)} packages.")
    return python


def _uv_command(cache: Path) -> list[str]:
    installed = shutil.which("uv")
    if installed and _works([installed, "--version"]):
        return [installed]
    target = cache / "uv"
    binary = target / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    if not _works([str(binary), "--version"]):
        say("Installing uv ...")
        remove(target)
        done = _run([*pip_command(cache), "install", "--quiet", "--target", str(target), "uv"])
        if done.returncode or not _works([str(binary), "--version"]):
            raise ProvisioningError(
                f"uv could not be installed ({last_line(done.stderr)}): check the network."
            )
    return [str(binary)]


def _uv_environment(cache: Path) -> dict[str, str]:
    """uv does not read pip's configuration: hand it the index that pip is set to use."""
    environment = dict(os.environ)
    if not any(
        name in environment for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE")
    ):
        asked = _run([*pip_command(cache), "config", "get", "global.index-url"])
        index = environment.get("PIP_INDEX_URL") or (asked.stdout.strip() if asked.returncode == 0 else "")
        if index:
            environment["UV_DEFAULT_INDEX"] = index
    return environment


def _distributions(folder: Path) -> int:
    return len(list(folder.glob("lib/python*/site-packages/*.dist-info"))) or len(
        list(folder.glob("Lib/site-packages/*.dist-info"))
    )


def _works(command: list[str]) -> bool:
    return _run(command).returncode == 0


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
