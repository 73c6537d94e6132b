"""torch's memory history on a real GPU."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from engine.host.system.memory_snapshot import ASYNC_ALLOCATOR, MemorySnapshot


def test_a_snapshot_names_what_was_allocated(torch: Any, tmp_path: Path) -> None:
    file = tmp_path / "snapshots" / "run.pickle"
    snapshot = MemorySnapshot("always")
    said = snapshot.start()
    if torch.cuda.get_allocator_backend() == "cudaMallocAsync":
        assert said == ASYNC_ALLOCATOR
        return
    assert said is None
    block = torch.empty(64 * 1024**2, dtype=torch.uint8, device="cuda")
    said = snapshot.finish(file, out_of_memory=False)
    del block
    assert said is not None
    assert file.name in said
    traces = pickle.loads(file.read_bytes())["device_traces"][torch.cuda.current_device()]
    assert any(entry["action"] == "alloc" and entry["size"] == 64 * 1024**2 for entry in traces)


def test_a_run_that_does_not_fail_leaves_none(torch: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.pickle"
    snapshot = MemorySnapshot("on out of memory")
    snapshot.start()
    assert snapshot.finish(file, out_of_memory=False) is None
    assert not file.exists()
