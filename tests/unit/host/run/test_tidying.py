"""The history keeps itself within its limits after a run, and never by what somebody cares for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.host.run.fake_host import HandRun

MakeRun = Callable[..., HandRun]


def tidied(make: MakeRun, tmp_path: Path, **settings: object) -> list[str]:
    """Five runs, the second pinned, then the tidying that follows the last; the names that are left."""
    from engine.host import paths, users
    from engine.host.run import background, tidying

    history = users.for_user()
    for number in range(5):
        run = make(f"p{number}")
        run.run("1", "2")
        run.end()
        background.finish_all(10.0)
    rows, _ = history.list_runs()
    history.update_run(rows[-2]["id"], pinned=True)
    file = paths.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings))
    tidying._last_s.clear()
    thread = tidying.after_run("default")
    assert (thread is not None) == any(value is not None for value in settings.values())
    if thread is not None:
        thread.join(10.0)
        assert tidying.after_run("default") is None, "not after every run"
    return sorted(row["prompt_id"] for row in history.list_runs()[0])


def test_without_limits_nothing_goes(hand_run: MakeRun, tmp_path: Path) -> None:
    assert tidied(hand_run, tmp_path, keep_runs=None) == ["p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"keep_runs": 2}, ["p1", "p3", "p4"]),
        ({"keep_days": 0}, ["p1"]),
        ({"keep_bytes": 0}, ["p1"]),
        ({"keep_runs": "many", "keep_days": 1}, ["p0", "p1", "p2", "p3", "p4"]),
    ],
)
def test_what_is_beyond_goes_and_pinned_runs_stay(
    hand_run: MakeRun, tmp_path: Path, settings: dict[str, object], left: list[str]
) -> None:
    assert tidied(hand_run, tmp_path, **settings) == left
