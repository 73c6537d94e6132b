"""Which nodes' operators are recorded in a run, and what comes out. Only with ``inside`` on kernels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ... import clock
from ...model import NodeKernels, Role, Run, Step
from ...probes.kernels import KernelRecorder
from ...store import traces
from ...store.errors import StoreError
from ...store.history import History
from ...workflow.prompt import title
from .archive import Archive
from .enrich import with_groups

LOOK_BACK = 20
"""So many of the workflow's newest runs are looked at for the nodes' usual times."""


class Usual(NamedTuple):
    """What a node took when it last ran without being recorded."""

    seconds: float
    run_id: int


class Kernels:
    """The recording of one run. ``notes`` are sentences for the user."""

    def __init__(self, draft: Run, roles: Mapping[str, Role], archive: Archive) -> None:
        self.notes: list[str] = []
        self.cost_s = 0.0
        """Starting and ending the recording took this long, between nodes."""
        self._draft = draft
        self._history = archive.history
        self._recorder = KernelRecorder(shapes=draft.settings.inside_shapes)
        nodes = [node_id for node_id in draft.prompt or {} if roles.get(node_id, "node") == "node"]
        self._usual: Mapping[str, Usual] = {}
        try:
            self._usual = archive.ask(lambda history: _usual_times(draft, history), {})
        except StoreError as error:
            self.notes.append(f"How long nodes usually take is not known: {error}")
        self._chosen = self._choose(nodes)

    def enter(self, node_id: str) -> None:
        """A node's ``execute`` is about to begin."""
        if self._is_chosen(node_id):
            began_s = clock.now()
            self._recorder.begin(node_id)
            self.cost_s += clock.now() - began_s

    def leave(self, node_id: str) -> None:
        """A node's ``execute`` has returned."""
        if self._is_chosen(node_id):
            began_s = clock.now()
            self._recorder.end()
            self.cost_s += clock.now() - began_s

    def stop(self) -> None:
        """Record no more, whatever node is running. Executor's thread."""
        self._chosen = frozenset()
        self._recorder.cancel()

    def added_to(self, run: Run) -> Run:
        """``run`` with the operators of its recorded nodes. Takes seconds; not on the executor's thread."""
        steps = {step.node_id: step for step in run.steps}
        found = []
        for node_id in self._recorder.node_ids:
            usual = self._usual.get(node_id)
            found.append(
                NodeKernels(
                    node_id=node_id,
                    operators=self._recorder.operators(node_id),
                    exec_time=steps[node_id].exec_time if node_id in steps else None,
                    usual_s=usual.seconds if usual else None,
                    usual_run_id=usual.run_id if usual else None,
                    recorded_s=self._recorder.recorded_s(node_id),
                    trace_file=self._saved_trace(node_id),
                )
            )
        self._recorder.drop()
        found.sort(key=lambda node: -(node.exec_time or 0.0))
        notes = [*self.notes, *([self._recorder.reason] if self._recorder.reason else [])]
        missed = sorted(self._recorder.missed - {node.node_id for node in found})
        if missed:
            notes.append(f"No operators were recorded inside {_names(missed)}: the run held enough by then.")
        if found:
            names = _names([node.node_id for node in found])
            notes.append(
                f"Operators were recorded inside {names}, which slows them down: this run is left out of "
                "trends and of comparisons with ordinary runs."
            )
        return replace(run, kernels=tuple(found), warnings=(*run.warnings, *notes))

    def _saved_trace(self, node_id: str) -> str | None:
        """The name of the node's trace, written beside the history; ``None`` where it cannot be kept."""
        if self._history is None:
            return None
        name = re.sub(r"[^\w.-]", "-", f"{self._draft.timestamp}_{node_id}.json.gz")
        path = traces.folder(self._history.database) / name
        return name if self._recorder.save_trace(node_id, path) else None

    def _is_chosen(self, node_id: str) -> bool:
        chosen = self._chosen
        return node_id in chosen or (":" in node_id and any(node_id.startswith(f"{id_}:") for id_ in chosen))

    def _choose(self, nodes: list[str]) -> frozenset[str]:
        name = self._draft.settings.inside_group
        if name:
            return self._members(name, nodes)
        timed = {node_id: usual.seconds for node_id, usual in self._usual.items() if node_id in nodes}
        if not timed:
            self.notes.append(
                "No operators were recorded: this workflow has no earlier run that says which node is slow. "
                "Run it again, or name a group in “inside group” of the Profiler Start."
            )
            return frozenset()
        return frozenset((max(timed, key=timed.__getitem__),))

    def _members(self, name: str, nodes: list[str]) -> frozenset[str]:
        prompt: Mapping[str, Any] = self._draft.prompt or {}
        steps = tuple(
            Step(node_id=node_id, node_type=str(prompt[node_id].get("class_type", "")),
                 node_title=title(prompt, node_id))
            for node_id in nodes
        )  # fmt: skip
        groups = with_groups(replace(self._draft, steps=steps)).groups
        found = frozenset(
            member for group in groups if group.name.casefold() == name.casefold() for member in group.members
        )
        if not found:
            self.notes.append(
                f"No operators were recorded: no Profiler Group “{name}” has a node in this run."
            )
        return found


def _names(node_ids: Sequence[str]) -> str:
    return ", ".join(f"#{node_id}" for node_id in node_ids[:5]) + (" ..." if len(node_ids) > 5 else "")


def _usual_times(draft: Run, history: History) -> dict[str, Usual]:
    workflow = draft.workflow_id or draft.workflow_hash
    if not workflow:
        return {}
    runs = history.newest_runs(draft.user_id, workflow=workflow, limit=LOOK_BACK)
    ids = [run["id"] for run in runs if run.get("inside") != "kernels"]
    found: dict[str, Usual] = {}

    def add(part: Sequence[Sequence[Any]]) -> None:
        # Ordered by run: of each node the newest time stays.
        for run_id, node_id, status, exec_time in zip(*part, strict=True):
            if status is None and exec_time:  # what is usual
                found[node_id] = Usual(exec_time, run_id)

    history.read_steps(ids, ("run_id", "node_id", "status", "exec_time"), add)
    return found
