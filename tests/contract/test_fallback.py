"""A ComfyUI whose ``execute`` takes arguments that the hooks cannot read: progress messages stand in."""

from __future__ import annotations

from pathlib import Path

from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler

# Below the pack: the host's own function, as if it took one bundle.
BEFORE = """
import execution

original = execution.execute

async def execute(bundle):
    return await original(*bundle)

execution.execute = execute
"""

# Above the pack: the caller, which hands over that bundle.
AFTER = """
from server import PromptServer

NODE_CLASS_MAPPINGS = {}

async def hand_over_bundles(app):
    import execution

    wrapped = execution.execute

    async def execute(*args):
        return await wrapped(args)

    execution.execute = execute

PromptServer.instance.app.on_startup.append(hand_over_bundles)
"""


def test_an_unreadable_executor_is_measured_by_its_progress_messages(
    start_comfyui, tmp_path: Path, fresh: str
) -> None:
    strange = tmp_path / "strange" / "custom_nodes" / "strange-host"
    strange.mkdir(parents=True)
    (strange / "prestartup_script.py").write_text(BEFORE, encoding="utf-8")
    (strange / "__init__.py").write_text(AFTER, encoding="utf-8")
    profiler = Profiler(start_comfyui(base=tmp_path / "strange"))
    scene = Scene()
    scene.start()
    slow = scene.add("Sleep", id="slow", value=fresh, ms=200)
    scene.show(scene.add("Sleep", id="quick", value=slow, ms=20), id="show")
    scene.report()
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    assert profile.outcome.outputs["show"]["text"]
    assert profile.steps["slow"]["exec_time"] >= 0.2
    assert 0.02 <= profile.steps["quick"]["exec_time"] < profile.steps["slow"]["exec_time"]
    assert any("progress messages" in warning for warning in profile.run["warnings"])
    # the Report reads what is left from the executor itself
    assert "slow" in profile.report()["table"] or "Sleep" in profile.report()["table"]
    assert profile.run["status"] == "success"
