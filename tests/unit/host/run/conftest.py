"""Sessions without ComfyUI."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.host.run import fake_host


@pytest.fixture
def hand_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., fake_host.HandRun]]:
    """Makes a :class:`~.fake_host.HandRun`, whose history lies below ``tmp_path``."""
    for name, module in fake_host.modules(tmp_path).items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delenv("HOLAF_PROFILER_DATABASE_URL", raising=False)
    # Imported afresh, so that no state of an earlier test's runs and histories is left.
    import engine

    kept = {name: module for name, module in sys.modules.items() if name.startswith("engine.host")}
    for name in kept:
        del sys.modules[name]
    from engine.host.run import archive, background, start

    def make(prompt_id: str = "p", executor: fake_host.Executor | None = None) -> fake_host.HandRun:
        return fake_host.HandRun(start.begin, prompt_id, executor)

    yield make
    background.finish_all(10.0)
    for writer in archive._writers.values():
        writer.close()
    for name in [name for name in sys.modules if name.startswith("engine.host")]:
        del sys.modules[name]
    sys.modules.update(kept)
    if "engine.host" in kept:
        engine.host = kept["engine.host"]  # type: ignore[attr-defined] # a submodule is an attribute


def server() -> Any:
    """The stand-in server of the test that runs."""
    return sys.modules["server"].PromptServer.instance
