"""Preferences in a file: whole or not at all, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.host import settings
from engine.host.api.json_schema import InvalidError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "made" / "later" / "settings.json"
    settings.write(file, {"badges": True, "panel": {"folded": ["a"]}})
    settings.write(file, {"page_size": 20})
    values, notes = settings.read(file)
    assert (values["badges"], values["page_size"], values["panel"]) == (True, 20, {"folded": ["a"]})
    assert notes == []
    assert [entry.name for entry in file.parent.iterdir()] == ["settings.json"]


def test_the_defaults_are_settings(tmp_path: Path) -> None:
    values = settings.write(tmp_path / "s.json", dict(settings.DEFAULTS))
    assert values == settings.DEFAULTS
    assert settings.DEFAULTS.keys() == settings.SCHEMA["properties"].keys()


@pytest.mark.parametrize("content", ["{", "[]", "\ufffe", "[" * 100_000, '{"a":' * 100_000])
def test_a_broken_file_gives_the_defaults_and_a_note(tmp_path: Path, content: str) -> None:
    file = tmp_path / "s.json"
    file.write_text(content, encoding="utf-16")
    values, notes = settings.read(file)
    assert values == settings.DEFAULTS
    assert len(notes) == 1
    settings.write(file, {"badges": True})
    assert settings.read(file)[1] == []


def test_one_broken_value_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps({"page_size": "many", "badges": True, "from_the_future": 1}))
    values, notes = settings.read(file)
    assert values["badges"] is True
    assert values["page_size"] == settings.DEFAULTS["page_size"]
    assert ["page_size" in note or "from_the_future" in note for note in notes] == [True, True]


def test_a_value_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    settings.write(file, {"badges": True})
    before = file.read_bytes()
    with pytest.raises(InvalidError):
        settings.write(file, {"page_size": 0})
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.mkdir()
    with pytest.raises(OSError, match=r"."):
        settings.write(file, {"badges": True})
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.json"]
