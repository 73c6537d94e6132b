"""Preferences in a file: whole or not at all, and never in the way."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.host import settings
from engine.host.api.validation import InvalidError, check


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "made" / "later" / "settings.json"
    settings.write(file, {"theme": "dark", "panel": {"folded": ["a"]}})
    settings.write(file, {"page_size": 20})
    values, notes = settings.read(file)
    assert (values["theme"], values["page_size"], values["panel"]) == ("dark", 20, {"folded": ["a"]})
    assert notes == []
    assert [entry.name for entry in file.parent.iterdir()] == ["settings.json"]


def test_the_defaults_are_settings(tmp_path: Path) -> None:
    values = settings.write(tmp_path / "s.json", dict(settings.DEFAULTS))
    assert values == settings.DEFAULTS
    assert settings.DEFAULTS.keys() == settings.Settings.model_fields.keys()


@pytest.mark.parametrize("content", ["{", "[]", "\ufffe", "[" * 100_000, '{"a":' * 100_000])
def test_a_broken_file_gives_the_defaults_and_a_note(tmp_path: Path, content: str) -> None:
    file = tmp_path / "s.json"
    file.write_text(content, encoding="utf-16")
    values, notes = settings.read(file)
    assert values == settings.DEFAULTS
    assert len(notes) == 1
    settings.write(file, {"theme": "dark"})
    assert settings.read(file)[1] == []


def test_one_broken_value_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps({"page_size": "many", "theme": "dark", "from_the_future": 1}))
    values, notes = settings.read(file)
    assert values["theme"] == "dark"
    assert values["page_size"] == settings.DEFAULTS["page_size"]
    assert ["page_size" in note or "from_the_future" in note for note in notes] == [True, True]


def test_a_value_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    settings.write(file, {"theme": "dark"})
    before = file.read_bytes()
    with pytest.raises(InvalidError):
        settings.write(file, {"page_size": 0})
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.mkdir()
    with pytest.raises(OSError, match=r"."):
        settings.write(file, {"theme": "dark"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.json"]


def test_no_change_is_lost_where_many_write_at_once(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    start = threading.Barrier(8)

    def save(name: str, value: object) -> None:
        start.wait()
        settings.write(file, {name: value})

    changes: dict[str, object] = {"page_size": 20, "run_count": 7, "theme": "dark", "run_sort": "name"}
    changes |= {"step_sort": "node_id", "minimum_time_s": 2, "panel": {"a": 1}, "step_columns": ["share"]}
    threads = [threading.Thread(target=save, args=change) for change in changes.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert settings.read(file)[0] == {**settings.DEFAULTS, **changes}


def test_what_would_not_be_read_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    settings.write(file, {"panel": {"kept": 1}})
    with pytest.raises(InvalidError, match="larger than"):
        settings.write(file, {"panel": {str(n): "x" * 2_000 for n in range(200)}})
    assert settings.read(file)[0]["panel"] == {"kept": 1}


def test_names_that_nothing_reads_any_more_are_dropped_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps(dict.fromkeys(settings.RETIRED, True) | {"page_size": 10}))
    values, notes = settings.read(file)
    assert (values, notes) == ({**settings.DEFAULTS, "page_size": 10}, [])


@given(
    stored=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*settings.DEFAULTS, "x"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
@hypothesis_settings(
    max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_whatever_json_the_file_holds_the_settings_are_usable(tmp_path: Path, stored: object) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps(stored))
    values, _ = settings.read(file)
    assert values.keys() == settings.DEFAULTS.keys()
    assert settings.write(file, {"run_count": 9}) == {**values, "run_count": 9}
    assert settings.read(file) == ({**values, "run_count": 9}, [])


def test_a_change_of_one_setting_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    settings.write(file, check(settings.Settings, {"page_size": 20, "step_columns": ["share"]}, "body"))
    changed = check(settings.Settings, {"run_count": 5}, "body")
    assert changed == {"run_count": 5}
    found = settings.write(file, changed)
    assert (found["page_size"], found["step_columns"], found["run_count"]) == (20, ["share"], 5)
    advice = check(settings.Settings, {"advice": {"long_run_s": 5.0}}, "body")
    assert settings.write(file, advice)["advice"]["long_run_s"] == 5.0
