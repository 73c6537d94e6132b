"""Whether this pack can work in this ComfyUI: new enough, with no other copy of the pack. Changes nothing.

Features are looked for, not version numbers: forks and nightly builds number as they like.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from ..workflow.prompt import START_ID

OLDEST = "0.8.0"
"""The first ComfyUI that this pack works in."""

_NODE_API = ("Schema", "ComfyNode", "Autogrow", "Custom", "Hidden", "NodeOutput")
_MARK = "_holaf_workflow_profiler"
"""Set on the host's ``execution`` module by the copy of the pack that works: the name of its folder."""


def why_not(folder: Path) -> str | None:
    """Why the pack in ``folder`` has to stand back, in a sentence; ``None`` where it can work."""
    execution = importlib.import_module("execution")
    if not _is_new_enough(execution):
        return f"Workflow Profiler needs ComfyUI {OLDEST} or newer and is left out: this is {_version()}."
    other = _other_copy(execution)
    if other is not None:
        return (
            f"Workflow Profiler is installed twice: the copy in {other} is used, the one in {folder.name} "
            "stands back. Remove one of them."
        )
    return None


def claim(folder: Path) -> None:
    """Tell later copies of the pack that this one, in ``folder``, is at work."""
    setattr(importlib.import_module("execution"), _MARK, folder.name)


def _is_new_enough(execution: object) -> bool:
    executor = getattr(execution, "PromptExecutor", None)
    if not hasattr(executor, "execute_async"):
        return False
    try:
        api = importlib.import_module("comfy_api.latest")
    except ImportError:
        return False
    return all(hasattr(getattr(api, "io", None), name) for name in _NODE_API)


def _other_copy(execution: object) -> str | None:
    marked = getattr(execution, _MARK, None)
    if marked is not None:
        return str(marked)
    # Copies from before there was a mark.
    node = importlib.import_module("nodes").NODE_CLASS_MAPPINGS.get(START_ID)
    return None if node is None else str(getattr(node, "RELATIVE_PYTHON_MODULE", "another folder"))


def _version() -> str:
    try:
        return str(importlib.import_module("comfyui_version").__version__)
    except (ImportError, AttributeError):
        return "an older one"
