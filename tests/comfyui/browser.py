"""Run the browser tests, or say in one line why they cannot run here.

They need node, a Chromium, and the registry's playwright-core and axe-core, which are fetched into the cache
once, as is a font for Chinese, Japanese and Korean, which only this Chromium sees. On a Debian machine where
we are root a missing Chromium is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .cache import REPOSITORY, cache_folder, say, stamped, write_stamp
from .environment import pip_command
from .trees import last_line

PLAYWRIGHT = "playwright-core@1.56.1"
AXE = "axe-core@4.10.3"
FONT = "noto-cjk-sans-otc==0.0.1"
_FONTS_CONF = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}</dir>
  <cachedir>{folder}/cache</cachedir>
</fontconfig>
"""
_TESTS = REPOSITORY / "tests" / "browser"


def chromium() -> str | None:
    """The Chromium to use: ``CHROMIUM_PATH``, an installed one, or one installed now; else ``None``."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return named if Path(named).is_file() else None
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Installing Chromium ...")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, env=environment, capture_output=True, check=False)
        return shutil.which("chromium")
    return None


def npm_modules(package: str, folder_name: str) -> Path | None:
    """The ``node_modules`` folder with ``package`` (``name@version``); ``None`` where npm cannot fetch it."""
    folder = cache_folder() / folder_name
    modules = folder / "node_modules"
    name = package.split("@", 1)[0]
    if stamped(folder, package) and (modules / name / "package.json").is_file():
        return modules
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder.mkdir(exist_ok=True)
    say(f"Fetching {name} ...")
    done = subprocess.run(
        [npm, "install", "--prefix", str(folder), "--no-save", "--no-audit", "--no-fund", package],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        say(f"{name} could not be fetched: {last_line(done.stderr)}")
        return None
    write_stamp(folder, package)
    return modules


def font_settings() -> Path | None:
    """A fontconfig file with a font for Chinese, Japanese and Korean; ``None`` where none can be fetched."""
    folder = cache_folder() / "fonts"
    settings = folder / "fonts.conf"
    if stamped(folder, FONT) and settings.is_file():
        return settings
    folder.mkdir(exist_ok=True)
    say("Fetching a font for Chinese, Japanese and Korean ...")
    options = ["--quiet", "--retries=1", "--no-deps", "--only-binary=:all:", "--target"]
    command = [*pip_command(cache_folder()), "install", *options, str(folder), FONT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"The font could not be fetched: {last_line(done.stderr)}")
        return None
    settings.write_text(_FONTS_CONF.format(folder=folder), encoding="utf-8")
    write_stamp(folder, FONT)
    return settings


def obstacle() -> str | None:
    """Why browser tests cannot run here, or ``None``. Sets the variables that they read."""
    if not shutil.which("node"):
        return "node is not installed"
    binary = chromium()
    if binary is None:
        return "there is no Chromium (set CHROMIUM_PATH)"
    modules = npm_modules(PLAYWRIGHT, "node")
    if modules is None:
        return "playwright-core could not be fetched (npm is needed once)"
    os.environ["CHROMIUM_PATH"] = binary
    os.environ["NODE_MODULES"] = str(modules)
    axe = npm_modules(AXE, "axe")
    if axe is not None:
        os.environ["AXE_CORE"] = str(axe / "axe-core" / "axe.min.js")
    fonts = font_settings()
    if fonts is not None:
        os.environ["CJK_FONTS"] = str(fonts)
    return None


def main() -> int:
    """Run ``tests/browser``; 0 where they passed or cannot run here."""
    if not any(_TESTS.glob("test_*.py")):
        print("skipped: there are no browser tests")
        return 0
    reason = obstacle()
    if reason is not None:
        print(f"skipped: browser tests: {reason}")
        return 0
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(_TESTS)], cwd=REPOSITORY, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
