"""Listening to the host's progress messages does not disturb whoever else does."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from engine.capture.recorder import Recorder
from engine.capture.spans import NodeRef
from tests.unit.host.run import fake_host


def test_an_executor_that_goes_through_the_handlers_meanwhile_is_not_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host has one set of handlers for all executors, in whatever thread."""
    modules = fake_host.modules(tmp_path)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "engine.host.executor.progress", raising=False)
    listener = importlib.import_module("engine.host.executor.progress").StepProgress(
        "prompt",
        Recorder(0.0, lambda node_id: NodeRef(node_id, "Pass", "Pass")),
        (),
        enter=lambda _node_id: None,
        leave=lambda _node_id, _outcome: None,
        on_bypass=lambda _node_id, _graph: None,
        is_async=lambda _node_type: False,
        is_here=lambda: True,
    )
    registry = modules["comfy_execution.progress"].get_progress_state()
    registry.handlers["page"] = "the page's own"
    going_through = iter(registry.handlers.values())
    assert next(going_through) == "the page's own"
    assert listener.attach()
    assert list(going_through) == []
    assert [*registry.handlers.values()] == ["the page's own", listener]
