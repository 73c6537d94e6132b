"""What the host's answers say about a node that failed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders import secrets
from tests.unit.host.run import fake_host


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, beside stand-ins for the host's."""
    for name, module in fake_host.modules(tmp_path).items():
        monkeypatch.setitem(sys.modules, name, module)
    name = "engine.host.executor.nodes"
    monkeypatch.delitem(sys.modules, name, raising=False)
    made = importlib.import_module(name)
    monkeypatch.setitem(sys.modules, name, made)
    return made


@pytest.mark.parametrize(("text", "secret"), secrets.in_text())
def test_an_error_is_kept_without_the_secrets_in_its_message(nodes: Any, text: str, secret: str) -> None:
    kept = nodes.failure(ValueError(f"The service answered 401: {text}")).error_message
    assert kept is not None
    assert kept.startswith("The service answered 401")
    assert secret not in kept


def test_a_secret_is_not_kept_in_half_where_a_long_message_is_cut(nodes: Any) -> None:
    key = "sk-" + "abcdefghijklmnopqrstuv" * 2
    for left in range(1, len(key)):
        message = "x" * (nodes.MESSAGE_LENGTH_MAX - left - 1) + " " + key
        kept = nodes.failure(ValueError(message)).error_message or ""
        assert "sk-abc" not in kept


def test_a_secret_in_a_line_of_code_is_not_kept_with_the_calls(nodes: Any) -> None:
    try:
        open_with(api_key="sk-abcdefghijklmnopqrstuv")
    except ValueError as error:
        kept = nodes.failure(error)
    assert kept.error_type == "ValueError"
    assert "open_with" in (kept.error_traceback or "")
    assert "sk-abcdef" not in (kept.error_traceback or "")


def open_with(api_key: str) -> None:
    raise ValueError("no")
