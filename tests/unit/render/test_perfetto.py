"""The trace in Perfetto's own trace processor: all of it arrives, on tracks of its kind, nothing is refused.

Its program is fetched by the ``perfetto`` package when that is first used; here it is only looked for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.render.formats import export
from engine.render.report import prepare
from tests import builders

NAMES = ("trace_processor_shell", "trace_processor")
FETCHED = Path.home() / ".local" / "share" / "perfetto" / "prebuilts"


def find_program() -> str | None:
    """From ``TRACE_PROCESSOR``, the PATH, or what the package fetched."""
    named = os.environ.get("TRACE_PROCESSOR")
    if named:
        return named
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((str(path) for path in sorted(FETCHED.glob("trace_processor*"))), None)


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[Any]:
    api = pytest.importorskip("perfetto.trace_processor")
    program = find_program()
    if program is None:
        pytest.skip(
            "Perfetto's trace_processor_shell is not here: set TRACE_PROCESSOR to it, or let the perfetto "
            'package fetch it with python -c "from perfetto.trace_processor import TraceProcessor; '
            'TraceProcessor()"'
        )
    run = builders.sdxl_run()
    own = replace(builders.step("90", "HolafProfilerReport", 41.2, 3.0), role="profiler", position=10)
    file = tmp_path / "run.trace.json"
    file.write_bytes(export(prepare(replace(run, steps=(*run.steps, own))), "trace").data)
    config = api.TraceProcessorConfig(bin_path=program)
    with api.TraceProcessor(trace=str(file), config=config) as processor:
        yield processor


def rows(trace: Any, sql: str, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, name) for name in names) for row in trace.query(sql)]


def test_every_kind_of_work_is_on_a_track_of_its_own(trace: Any) -> None:
    sql = (
        "select thread.name as track, count(*) as n, sum(slice.dur) as dur from slice "
        "join thread_track on slice.track_id = thread_track.id join thread using (utid) group by thread.name"
    )
    tracks = {track: (n, dur) for track, n, dur in rows(trace, sql, "track", "n", "dur")}
    run = builders.sdxl_run()
    assert tracks["nodes"][0] == len(run.measured_steps)
    assert tracks["model loading"][0] == sum(len(step.load_spans) for step in run.steps)
    assert tracks["sampler steps"][0] == sum(len(step.sampler_step_spans) for step in run.steps)
    assert tracks["profiler nodes and what waits for the Report"] == (1, 3_000_000_000)
    assert {f"group {group.name}" for group in run.groups} <= tracks.keys()


def test_every_reading_is_a_counters_value_and_nothing_is_refused(trace: Any) -> None:
    ((count,),) = rows(trace, "select count(*) as n from counter", "n")
    assert count == sum(len(series.t_s) for series in builders.sdxl_run().series)
    sql = "select name from stats where value > 0 and severity in ('error', 'data_loss')"
    assert rows(trace, sql, "name") == []
