"""A real ComfyUI whose profiler can be broken from outside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.comfyui.client import Outcome, wait_for
from tests.comfyui.provision import Host
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.faults.seams import SEAMS

LIMIT_S = 27.0
"""A prompt of a tenth of a second must be over by then: beside a part that hangs for 30 s, a Report gives up
after 20 s."""


class Faulty:
    """A ComfyUI in which seams are broken. ``prompts`` counts what was tried."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._number = 0

    def scene(self, *, profiled: bool = True) -> Scene:
        """Sync, asynchronous, listed and expanded nodes, none of them cached; two outputs and a Report."""
        self._number += 1
        scene = Scene()
        text = f"text {self._number}"
        slept = scene.add("Sleep", id="1", value=text, ms=20)
        waited = scene.add("AsyncSleep", id="2", value=text, ms=60)
        passed = scene.add("Pass", id="3", value=slept)
        scene.show(passed, id="4")
        scene.show(waited, id="5")
        if profiled:
            scene.start()
            scene.group("all", "*")
            scene.report(save=True, formats="json")
        return scene

    def expected(self) -> dict[str, Any]:
        """What the last scene's outputs must be, whatever the profiler does."""
        return {node_id: {"text": [f"text {self._number}"]} for node_id in ("4", "5")}

    def run(self, faults: Mapping[str, str]) -> tuple[Outcome, float]:
        """One profiled prompt with these seams broken: how it went, and in how many seconds."""
        client = self.server.client
        scene = self.scene()
        wanted = {SEAMS[name].address: kind for name, kind in faults.items()}
        before = {SEAMS[seam].address: "raise" for name in faults if (seam := SEAMS[name].behind)}
        client.post("/profiler_faults", {"seams": before | wanted})
        began_s = time.monotonic()
        try:
            outcome = client.wait(client.queue(scene.prompt), timeout_s=LIMIT_S + 30)
            seconds = time.monotonic() - began_s
            wait_for(lambda: self._met(wanted), f"one of {list(faults)} to be met", 45.0)
            return outcome, seconds
        except TimeoutError:
            client.interrupt()  # the next test must not wait behind this prompt
            raise
        finally:
            client.post("/profiler_faults", {"seams": {}})

    def _met(self, wanted: Mapping[str, str]) -> bool:
        """Whether the prompt came across a broken seam. Of two, one may keep it from the other."""
        return any(address in wanted for address in self.server.client.get("/profiler_faults"))

    def check(self, faults: Mapping[str, str]) -> None:
        """The prompt succeeds with the outputs that it has without a profiler, and in time."""
        outcome, seconds = self.run(faults)
        assert outcome.status == "success", outcome.history["status"]
        assert {key: outcome.outputs.get(key) for key in ("4", "5")} == self.expected()
        assert seconds < LIMIT_S


@pytest.fixture(scope="session")
def faulty(comfyui_host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """One ComfyUI for all faults: what one leaves behind must not harm the next."""
    base = tmp_path_factory.mktemp("faults")
    shutil.copytree(Path(__file__).with_name("fault_pack"), base / "custom_nodes" / "zz-profiler-faults")
    with Server(comfyui_host, base) as server:
        made = Faulty(server)
        # Everything that profiling needs is loaded with the first profiled prompt.
        server.client.run(made.scene().prompt)
        yield made
