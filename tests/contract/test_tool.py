"""The command line against a real ComfyUI: what it prints, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.comfyui.client import ROUTES, wait_for
from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler

TOOL = Path(__file__).resolve().parents[2] / "tools" / "profile.py"


def tool(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def workflow(file: Path, fresh: str, nap_ms: int) -> Path:
    scene = Scene()
    scene.show(scene.add("Sleep", id="nap", named="Nap", value=fresh, ms=nap_ms), id="show")
    file.write_text(json.dumps(scene.prompt), encoding="utf-8")
    return file


def test_a_workflow_is_repeated_pinned_and_compared(profiler: Profiler, fresh: str, tmp_path: Path) -> None:
    file = tmp_path / f"check {fresh}.json"
    server = ("--server", profiler.client.url)
    done = tool(workflow(file, fresh, 100), *server, "--repeat", 3, "--warm-up", 1, "--pin")
    assert done.returncode == 0, done.stderr
    assert "Nap" in done.stdout
    again = tool(file, *server, "--repeat", 3, "--against", "pinned", "--fail-over", "200%")
    assert again.returncode == 0, again.stdout + again.stderr
    slow = tool(
        workflow(file, fresh, 400), *server, "--repeat", 3, "--fail-over", "50%", "--formats", "json, md",
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert slow.returncode == 1, slow.stdout + slow.stderr
    assert "slower" in slow.stdout
    assert "changed: Nap: ms 100 -> 400" in slow.stdout
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".json", ".md"}


def test_what_goes_wrong_has_its_exit_code(profiler: Profiler, fresh: str, tmp_path: Path) -> None:
    server = ("--server", profiler.client.url)
    scene = Scene()
    scene.show(scene.add("Fail", value=fresh))
    failing = tmp_path / f"failing {fresh}.json"
    failing.write_text(json.dumps(scene.prompt), encoding="utf-8")
    assert tool(failing, *server).returncode == 2
    for address in ("127.0.0.1:9", "127.0.0.1:port"):
        away = tool(failing, "--server", address)
        assert (away.returncode, "cannot be reached" in away.stderr) == (2, True), away.stderr
    late = tool(workflow(tmp_path / "late.json", fresh, 2000), *server, "--timeout", "0.5")
    assert (late.returncode, "--timeout" in late.stderr) == (2, True)
    unknown = tmp_path / "unknown.json"
    unknown.write_text('{"1": {"class_type": "NoSuchNode", "inputs": {}}}', encoding="utf-8")
    assert tool(unknown, *server).returncode == 3
    assert tool(tmp_path / "missing.json", *server).returncode == 3
    unpinned = tool(failing, *server, "--against", "pinned")
    assert (unpinned.returncode, "--pin" in unpinned.stderr) == (3, True), "said before anything runs"
    for option in ("--repeat many", "--repeat 0", "--formats docx", "--against yesterday", "--timeout -1"):
        wrong = option.split()
        assert tool(failing, *server, *wrong).returncode == 3, wrong
    for text in ("[]", "{}", '{"nodes": [], "links": []}'):
        failing.write_text(text, encoding="utf-8")
        refused = tool(failing, *server)
        assert (refused.returncode, "Export (API)" in refused.stderr) == (3, True), text


def test_a_budget_that_is_exceeded_ends_with_one(profiler: Profiler, fresh: str, tmp_path: Path) -> None:
    scene = Scene()
    scene.show(scene.add("Sleep", value=fresh, ms=100))
    scene.add("HolafProfilerBudget", limits="time <= 0.01 s", on_excess="fail")
    file = tmp_path / f"budget {fresh}.json"
    file.write_text(json.dumps(scene.prompt), encoding="utf-8")
    done = tool(file, "--server", profiler.client.url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "EXCEEDED  time <= 0.01 s" in done.stderr


def test_ctrl_c_leaves_what_is_queued_alone(profiler: Profiler, fresh: str, tmp_path: Path) -> None:
    file = workflow(tmp_path / f"stopped {fresh}.json", fresh, 3000)
    command = [sys.executable, str(TOOL), str(file), "--server", profiler.client.url, "--repeat", "3"]

    def statuses() -> list[str]:
        runs = profiler.client.get(f"{ROUTES}/runs?workflow=file:{quote(file.stem)}")["runs"]
        return [run["status"] for run in runs]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: statuses() == ["running"], "the run")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "goes on in ComfyUI" in said) == (130, True)
    wait_for(lambda: statuses() == ["success"], "its end")
