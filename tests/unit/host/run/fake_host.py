"""A host just large enough for a session: ComfyUI's modules as stand-ins, and a prompt run by hand."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

PROMPT: Mapping[str, Mapping[str, Any]] = {
    "1": {"class_type": "Load", "inputs": {}},
    "2": {"class_type": "Save", "inputs": {"image": ["1", 0]}},
    "7": {"class_type": "HolafProfilerStart", "inputs": {}},
    "8": {"class_type": "HolafProfilerReport", "inputs": {}},
    "9": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}},
}
OUTPUTS = ["2", "8", "9"]


class Interrupted(Exception):  # noqa: N818 - stands for the host's exception
    """What the host raises on Cancel."""


class ProgressHandler:
    """The host's base class of listeners."""

    def __init__(self, name: str) -> None:
        self.name, self.enabled = name, True

    def disable(self) -> None:
        self.enabled = False


class Server:
    """Keeps what is sent to browsers; ``sockets`` are the open tabs."""

    def __init__(self) -> None:
        self.sockets: dict[str, object] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send_sync(self, event: str, data: dict[str, Any]) -> None:
        self.sent.append((event, data))


def modules(user_directory: Path) -> dict[str, types.ModuleType]:
    """Stand-ins for the host's modules by name, ``server.PromptServer.instance`` among them."""
    found = {
        name: types.ModuleType(name)
        for name in (
            "comfy",
            "comfy.cli_args",
            "comfy.model_management",
            "comfy_execution",
            "comfy_execution.graph_utils",
            "comfy_execution.progress",
            "folder_paths",
            "nodes",
            "server",
        )
    }

    def give(name: str, **members: Any) -> None:
        found[name].__dict__.update(members)

    give("folder_paths", get_user_directory=lambda: str(user_directory))
    give("comfy.cli_args", args=types.SimpleNamespace(multi_user=False))
    give("comfy", model_management=found["comfy.model_management"])
    give(
        "comfy.model_management",
        InterruptProcessingException=Interrupted,
        throw_exception_if_processing_interrupted=lambda: None,
        current_loaded_models=[],
        load_models_gpu=lambda *_given: None,
        free_memory=lambda *_given: [],
    )
    give(
        "comfy_execution",
        graph_utils=found["comfy_execution.graph_utils"],
        progress=found["comfy_execution.progress"],
    )
    give("comfy_execution.graph_utils", GraphBuilder=type("GraphBuilder", (), {}))
    state = types.SimpleNamespace(handlers={}, dynprompt=None)
    give(
        "comfy_execution.progress",
        ProgressHandler=ProgressHandler,
        get_progress_state=lambda: state,
    )
    output = type("Output", (), {"OUTPUT_NODE": True})
    outputs = dict.fromkeys(("Save", "HolafProfilerReport", "PreviewImage"), output)
    give("nodes", NODE_CLASS_MAPPINGS=outputs, NODE_DISPLAY_NAME_MAPPINGS={"Load": "Load Image"})
    give("server", PromptServer=type("PromptServer", (), {"instance": Server()}))
    return found


def install(user_directory: Path) -> None:
    """Put the stand-ins where imports find them, for a process of its own."""
    sys.modules.update(modules(user_directory))


class Graph:
    """Stands for the host's DynamicPrompt of :data:`PROMPT`.

    ``made``: nodes that were made while the prompt ran, as ``{id: (id of the node that made it, node)}``.
    """

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def get_node(self, node_id: str) -> Mapping[str, Any]:
        return self.made[node_id][1] if node_id in self.made else PROMPT[node_id]

    def has_node(self, node_id: str) -> bool:
        return node_id in PROMPT

    def get_real_node_id(self, node_id: str) -> str:
        return self.made[node_id][0] if node_id in self.made else node_id

    def get_display_node_id(self, node_id: str) -> str:
        return self.get_real_node_id(node_id)

    def get_parent_node_id(self, node_id: str) -> str | None:
        return self.made[node_id][0] if node_id in self.made else None


class Pending:
    """Stands for the host's ExecutionList."""

    def __init__(self, graph: Graph) -> None:
        self.dynprompt = graph
        self.pendingNodes = dict.fromkeys(PROMPT, True)
        self.blockCount = dict.fromkeys(PROMPT, 0)


class Executor:
    """Stands for the host's PromptExecutor; its list is reused by the next prompt."""

    def __init__(self) -> None:
        self.status_messages: list[Any] = [("execution_start", {})]
        self.history_result: object = None


class State(Enum):
    """Stands for the host's ExecutionResult."""

    SUCCESS = 0
    FAILURE = 1
    PENDING = 2


class HandRun:
    """One prompt whose nodes are run by hand, in a session of its own."""

    def __init__(
        self, begin: Callable[..., Any], prompt_id: str = "p", executor: Executor | None = None
    ) -> None:
        from engine.host.executor.binding import PromptCall

        self.executor = executor or Executor()
        self.graph, self.executed = Graph(), set[str]()
        self.pending = Pending(self.graph)
        self.session = begin(PromptCall(self.executor, PROMPT, prompt_id, {}, OUTPUTS))

    def enter(self, node_id: str) -> Any:
        from engine.host.executor.binding import NodeCall

        call = NodeCall(node_id, self.graph, self.pending, self.executed, {}, {})
        self.session.enter_node(call)
        return call

    def leave(self, call: Any, state: str = "SUCCESS", error: BaseException | None = None) -> None:
        if state == "PENDING":
            call.pending_async.setdefault(call.node_id, [])
        else:
            self.executed.add(call.node_id)
        self.session.leave_node(call, (State[state], None, error))
        if state != "PENDING":
            self.pending.pendingNodes.pop(call.node_id, None)

    def run(self, *node_ids: str) -> None:
        """Run these nodes from begin to end."""
        for node_id in node_ids:
            self.leave(self.enter(node_id))

    def end(self, failure: BaseException | None = None) -> None:
        """The prompt is over."""
        if failure is None:
            self.executor.status_messages.append(("execution_success", {}))
        self.session.end_run(failure)
        self.executor.status_messages = []
