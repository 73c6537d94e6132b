"""What contract tests share: queue a scene, and read back what the profiler recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.comfyui.client import Client, Outcome, wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server


@dataclass(frozen=True)
class Profile:
    """One finished run: ComfyUI's outcome and the profiler's record."""

    outcome: Outcome
    run: Mapping[str, Any]
    steps: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, Mapping[str, Any]]
    """Name -> what the group comes to in this run, and the ``members`` it is kept with."""

    def report(self, node_id: str = "report") -> Mapping[str, Any]:
        """What a Report sent to the browser beside its picture: ``run_id``, ``table``, ``headline``."""
        sent: Mapping[str, Any] = self.outcome.outputs[node_id]["holaf_profiler"][0]
        return sent

    def statuses(self) -> dict[str, str]:
        """Node id -> status."""
        return {node_id: step["status"] for node_id, step in self.steps.items()}


def find_run(client: Client, prompt_id: str) -> Mapping[str, Any] | None:
    """The recorded run of a prompt, or ``None``."""
    runs = client.get("/holaf/profiler/runs?limit=20")["runs"]
    return next((run for run in runs if run["prompt_id"] == prompt_id), None)


def read_profile(client: Client, outcome: Outcome) -> Profile:
    """What was recorded of a prompt that is over; waits until its last line is written."""

    def finished() -> Any:
        going = client.get("/holaf/profiler/status").get("runs", ())
        if any(run["prompt_id"] == outcome.prompt_id for run in going):
            return None  # a Report has it written earlier, but without what comes after
        found = find_run(client, outcome.prompt_id)
        return found if found and found["status"] != "running" else None

    run_id = wait_for(finished, "the run in the history", 30)["id"]
    answer = client.get(f"/holaf/profiler/runs/{run_id}")
    kept = client.get(f"/holaf/profiler/groups?workflow={quote(answer['run']['workflow_id'], safe='')}")
    members = {group["name"]: group["members"] for group in kept["groups"]}
    return Profile(
        outcome,
        answer["run"],
        {step["node_id"]: step for step in answer["steps"]},
        {group["name"]: {**group, "members": members[group["name"]]} for group in answer["groups"]},
    )


class Profiler:
    """Queues scenes as a browser does and reads the record."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = server.client

    def run(self, scene: Scene, **queue: Any) -> Profile:
        """Run a scene to its end, whichever, and read its profile."""
        return read_profile(self.client, self.client.run(scene.prompt, **queue))

    def run_plain(self, scene: Scene, **queue: Any) -> Outcome:
        """Run a scene that need not be profiled."""
        return self.client.run(scene.prompt, **queue)

    def run_count(self) -> int:
        """How many runs the history holds."""
        total: int = self.client.get("/holaf/profiler/runs?limit=1")["total"]
        return total


@pytest.fixture
def profiler(comfyui: Server) -> Profiler:
    """The shared ComfyUI, as a user of the profiler."""
    return Profiler(comfyui)


_numbers = iter(range(1_000_000))


@pytest.fixture
def fresh() -> str:
    """A text that no other test uses, so that nothing is cached from before."""
    return f"fresh {next(_numbers)}"


@pytest.fixture
def client(profiler: Profiler) -> Client:
    return profiler.client
