"""Where the profiler can be broken from outside, and how. Every seam has a name that a failure prints."""

from __future__ import annotations

from typing import NamedTuple


class Seam(NamedTuple):
    """``address`` is ``module:attribute`` below the pack.

    ``may_hang``: not on the executor's own thread, so that a hang there must not hold up the prompt.
    ``behind``: another seam that must fail for this one to be met.
    """

    address: str
    may_hang: bool = False
    behind: str | None = None


SEAMS = {
    "hook: a run begins": Seam("engine.host.run.start:begin"),
    "hook: a session starts": Seam("engine.host.run.session:Session.start"),
    "hook: a node begins": Seam("engine.host.run.session:Session.enter_node"),
    "hook: a node ends": Seam("engine.host.run.session:Session.leave_node"),
    "hook: the run ends": Seam("engine.host.run.session:Session.end_run"),
    "hook: what a node's end means": Seam("engine.host.executor.nodes:outcome"),
    "hook: a node's tasks": Seam("engine.host.executor.nodes:when_tasks_end"),
    "probe: a node's boundary": Seam("engine.probes.boundary:BoundaryReader.read"),
    "probe: all of them": Seam("engine.host.run.start:open_probes"),
    "probe: models": Seam("engine.host.system.models:loaded_count"),
    "recorder: a node's end": Seam("engine.capture.recorder:Recorder.leave"),
    "sampler: a probe": Seam("engine.probes.process:ProcessSampler.read", True),
    "sampler: the log": Seam("engine.capture.sample_log:SampleLog.extend", True),
    "gate: look": Seam("engine.host.run.gate:ReportGate.check"),
    "gate: open": Seam("engine.host.run.gate:ReportGate.open"),
    "report: why it is not last": Seam("engine.host.run.session:Session.why_not_last"),
    "report: compose the run": Seam("engine.host.run.composition:Composition.reported", True),
    "report: prepare": Seam("engine.render.report:prepare", True),
    "report: table": Seam("engine.render.table:render", True),
    "report: picture": Seam("engine.render.chart.picture:draw", True),
    "report: notice": Seam("engine.host.report.answer:draw_notice", behind="report: picture"),
    "file: preview": Seam("engine.host.report.save:preview", behind="report: picture"),
    "file: saving": Seam("engine.host.report.save:save", True),
    "file: place": Seam("engine.host.report.save:_place", True),
    "run: compose its end": Seam("engine.host.run.composition:Composition.finished", True),
    "run: history": Seam("engine.host.run.composition:with_history", True),
    "archive: begin": Seam("engine.host.run.archive:Archive.begin"),
    "archive: settle": Seam("engine.host.run.archive:Archive.settle", True),
    "archive: run number": Seam("engine.host.run.archive:Archive.run_id", True),
    "archive: finish": Seam("engine.host.run.archive:Archive.finish", True),
    "writer": Seam("engine.store.run_file:RunFile.save", True),
    "store: open": Seam("engine.store.database:Database.open", True),
    "event": Seam("engine.host.run.events:send", True),
    "event: listeners": Seam("engine.host.run.events:has_listeners", True),
    "guard": Seam("engine.host.guard:_judge"),
}
KINDS = ("raise", "memory", "nonsense", "hang")

SINGLES = [
    (name, kind) for name, seam in SEAMS.items() for kind in KINDS if kind != "hang" or seam.may_hang
] + [("report: picture", "exit"), ("report: table", "exit"), ("file: saving", "exit")]

SLICE = [
    ("hook: a node begins", "raise"),
    ("hook: a node ends", "nonsense"),
    ("hook: the run ends", "memory"),
    ("probe: a node's boundary", "raise"),
    ("sampler: a probe", "hang"),
    ("gate: look", "raise"),
    ("gate: open", "raise"),
    ("gate: open", "nonsense"),
    ("report: why it is not last", "raise"),
    ("report: picture", "exit"),
    ("report: picture", "hang"),
    ("report: notice", "raise"),
    ("file: preview", "raise"),
    ("writer", "hang"),
    ("store: open", "raise"),
    ("event", "raise"),
    ("guard", "raise"),
]
"""One of each sort, for every ``make test``."""
