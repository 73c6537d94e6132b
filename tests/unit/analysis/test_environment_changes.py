"""The difference between two runs' environments."""

from __future__ import annotations

from engine.analysis.environment_changes import diff


def test_every_kind_of_change_in_words() -> None:
    before = {"torch.version": "2.10.0", "pack.old": "1.0", "os": "Linux"}
    after = {"torch.version": "2.11.0", "pack.new": "3f2a", "os": "Linux"}
    assert [change.text for change in diff(before, after)] == [
        "pack.new: 3f2a (new)",
        "pack.old: 1.0 (gone)",
        "torch.version: 2.10.0 -> 2.11.0",
    ]
    assert diff(after, after) == ()
