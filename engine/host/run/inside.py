"""What one session looks at inside its nodes: their stacks, and on demand their operators.

Owns the samplers of both for one run. Never decides what the numbers mean.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...analysis.stacks import fitted, owner_times, with_foreign_times
from ...capture.functions import Functions
from ...capture.measurement import Measurement
from ...capture.owners import Owners
from ...capture.stacks import StackSampler
from ...model import Role, Run, Stacks
from ..executor import hooks
from ..system.packs import pack_names
from .archive import Archive
from .kernels import Kernels

log = logging.getLogger("holaf.profiler")

_PACK_FOLDER = str(Path(__file__).resolve().parents[3])


class Inside:
    """The looks inside the nodes of one run. Made on the executor's thread."""

    def __init__(
        self, draft: Run, measurement: Measurement, roles: Mapping[str, Role], archive: Archive
    ) -> None:
        self.stacks: StackSampler | None = None
        self.kernels: Kernels | None = None
        if draft.settings.inside == "off":
            return
        if draft.settings.inside == "kernels":
            self.kernels = Kernels(draft, roles, archive)
        self.stacks = StackSampler(
            Functions(owners, hooks.bracket, _entry_files()),
            lambda: measurement.recorder.running,
            lambda node_id: roles.get(node_id, "node") == "node",
        )

    def waits(self, node_id: str, tasks: Iterable[Any]) -> None:
        """The node goes on in these asynchronous tasks."""
        if self.stacks is not None:
            self.stacks.watch_tasks(node_id, tasks)

    def tasks_done(self, node_id: str) -> None:
        """The node's asynchronous tasks have ended."""
        if self.stacks is not None:
            self.stacks.tasks_done(node_id)

    @property
    def kernels_s(self) -> float | None:
        """What starting and ending the recording of operators took, between nodes."""
        return None if self.kernels is None else self.kernels.cost_s

    def added_to(self, run: Run) -> Run:
        """``run`` with what was seen inside its nodes. Ask once sampling has ended."""
        run = run if self.kernels is None else self.kernels.added_to(run)
        stacks = self._stacks(run)
        if stacks is None:
            return run
        stacks = fitted(stacks, run.steps)
        times = owner_times(stacks)
        return replace(run, stacks=stacks, owner_times=times, steps=with_foreign_times(run.steps, times))

    def _stacks(self, run: Run) -> Stacks | None:
        if self.stacks is None:
            return None
        types = {step.node_id: step.node_type for step in run.steps}
        return self.stacks.stacks(lambda node_id: _class_file(types.get(node_id, "")))

    def function_now(self) -> dict[str, Any] | None:
        """The function that the running node is in: ``{"node_id", "name", "file", "owner", "seconds"}``."""
        busy = self.stacks.busy() if self.stacks is not None else None
        if busy is None or self.stacks is None:
            return None
        functions = self.stacks.functions
        function = functions.known[busy.function]
        return {
            "node_id": busy.node_id,
            "name": function.name,
            "file": function.file,
            "owner": functions.owners[function.owner].name,
            "seconds": busy.seconds,
        }


@functools.cache
def owners() -> Owners:
    """Who owns which folder on this host. Packs are installed before the process starts."""
    folder_paths = sys.modules.get("folder_paths")
    find = getattr(folder_paths, "get_folder_paths", None)
    return Owners(
        # Not its base_path: that is elsewhere where ComfyUI was started with --base-directory.
        core=os.path.dirname(getattr(folder_paths, "__file__", "")),
        packs=pack_names(find("custom_nodes")) if find is not None else {},
        own=_PACK_FOLDER,
    )


def _entry_files() -> tuple[str, ...]:
    file = getattr(sys.modules.get("execution"), "__file__", None)
    return (file,) if file else ()


def _class_file(node_type: str) -> str | None:
    """The source file that a node's class was written in."""
    found = getattr(sys.modules.get("nodes"), "NODE_CLASS_MAPPINGS", {}).get(node_type)
    return getattr(sys.modules.get(getattr(found, "__module__", "")), "__file__", None)
