"""What differs between the environments of two runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnvironmentChange:
    """One entry that differs. ``None`` is "not there"."""

    name: str
    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        """The change in words, such as ``torch.version: 2.10.0 -> 2.11.0``."""
        if self.before is None:
            return f"{self.name}: {self.after} (new)"
        if self.after is None:
            return f"{self.name}: {self.before} (gone)"
        return f"{self.name}: {self.before} -> {self.after}"


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[EnvironmentChange, ...]:
    """Every entry that is not the same in both, sorted by name."""
    return tuple(
        EnvironmentChange(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )
