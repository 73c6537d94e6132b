"""What the interactive timeline draws: plain data for ``js/timeline/timeline.js``, and the module's source.

Never draws. Times are seconds since the run started.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..analysis.labels import clean, step_title
from ..analysis.summary import duration_s
from ..language import ENGLISH, current, msg, t
from ..model import Device, Run, Series, Step
from .chart.palette import Palette, palette_for
from .chart.theme import DARK, LIGHT
from .plain import to_json
from .report import Report

_JS = Path(__file__).resolve().parents[2] / "js"
_MODULES = (
    "ui/i18n.js",
    "ui/dom.js",
    "ui/format.js",
    "timeline/layout.js",
    "timeline/lanes.js",
    "timeline/draw.js",
    "timeline/readout.js",
    "timeline/timeline.js",
)
_FLAME_MODULES = (
    "ui/i18n.js",
    "ui/dom.js",
    "ui/format.js",
    "timeline/flame_layout.js",
    "timeline/flame_paint.js",
    "timeline/flame.js",
)
_IMPORT = re.compile(r"^import\s[^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export\s+", re.MULTILINE)

_LANES = (
    ("vram", msg("VRAM"), "bytes", (("vram_bytes", msg("VRAM")), ("device_vram_bytes", msg("all programs")))),
    ("ram", msg("RAM"), "bytes", (("ram_bytes", msg("RAM")),)),
    (
        "gpu",
        msg("GPU load"),
        "percent",
        (("gpu_load_percent", msg("GPU")), ("gpu_others_percent", msg("other programs"))),
    ),
    (
        "cpu",
        msg("CPU load"),
        "percent",
        (("cpu_percent", msg("this process")), ("machine_cpu_percent", msg("whole machine"))),
    ),
    ("power", msg("Power"), "watts", (("power_watts", msg("GPU")),)),
)


def timeline_data(report: Report) -> dict[str, Any]:
    """``{"duration_s", "nodes", "groups", "subgraphs", "lanes", "events"}`` for ``createTimeline``.

    Nodes of the profiler are left out; a node that did not run has ``start_s`` ``None``.
    """
    run, totals = report.run, report.totals
    palette = palette_for(run.measured_steps, totals, run.total_time)
    members = {entry.name: set(entry.node_ids) for entry in totals}
    data = {
        "duration_s": duration_s(run) or 0.0,
        "nodes": [_node(step, palette, members) for step in run.measured_steps],
        "groups": {entry.name: entry.color for entry in totals if entry.node_ids},
        "subgraphs": _subgraphs(run),
        "lanes": [lane for device in run.devices or (None,) for lane in _lanes(run, device)],
        "events": [
            {"t_s": event.t_s, "text": clean(event.text), "node_id": event.node_id} for event in run.events
        ],
    }
    made: dict[str, Any] = to_json(data)
    return made


def module_source() -> str:
    """The timeline's modules, in the reader's language, as one script that defines ``createTimeline``."""
    return _joined(_MODULES) + _texts()


def flame_source() -> str:
    """The flame view's modules as one script that ends with ``createFlame`` defined."""
    return _joined(_FLAME_MODULES) + _texts()


def flame_data(report: Report) -> dict[str, Any]:
    """``{"stacks", "titles", "groups"}`` as ``createFlame`` takes them."""
    made: dict[str, Any] = to_json(
        {
            "stacks": report.run.stacks,
            "titles": {step.node_id: step_title(step) for step in report.run.steps},
            "groups": {entry.name: list(entry.node_ids) for entry in report.totals},
        }
    )
    return made


def _joined(names: tuple[str, ...]) -> str:
    parts = [(_JS / name).read_text(encoding="utf-8") for name in names]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)


def _texts() -> str:
    """The statement that gives the modules their texts; nothing in English, which needs none."""
    if current() == ENGLISH:
        return ""
    texts = (_JS / "locales" / f"{current()}.json").read_text(encoding="utf-8").replace("<", "\\u003c")
    return f'\nuseTexts("{current()}", {texts});'


def timeline_style() -> str:
    """The style sheets of the timeline and of the flame view."""
    names = ("timeline.css", "flame.css")
    return "".join((_JS / "timeline" / name).read_text(encoding="utf-8") for name in names)


def _node(step: Step, palette: Palette, members: dict[str, set[str]]) -> dict[str, Any]:
    segments = [[part.kind, part.start_s, part.end_s] for part in step.segments]
    if not segments and step.start_s is not None and step.end_s is not None:
        segments = [["run", step.start_s, step.end_s]]
    ends = [part[2] for part in segments] + ([] if step.end_s is None else [step.end_s])
    return {
        "id": clean(step.node_id),
        "title": step_title(step),
        "type": clean(step.node_type),
        "status": step.status,
        "colors": palette.all_of(step),
        "start_s": step.start_s,
        "end_s": max(ends, default=step.start_s),
        "exec_time": step.exec_time,
        "groups": [name for name, nodes in members.items() if step.node_id in nodes],
        "segments": segments,
        "loads": step.load_spans,
        "steps": step.sampler_step_spans,
    }


def _subgraphs(run: Run) -> dict[str, str]:
    """Titles of the subgraph nodes that have steps inside, by their id."""
    outer = {step.node_id.split(":", 1)[0] for step in run.measured_steps if ":" in step.node_id}
    nodes = (run.workflow or {}).get("nodes") or ()
    titles = {str(node.get("id")): str(node.get("title") or "") for node in nodes if isinstance(node, dict)}
    return {
        node_id: clean(titles.get(node_id) or "") or t("subgraph #{id}", id=node_id)
        for node_id in sorted(outer)
    }


def _lanes(run: Run, device: Device | None) -> list[dict[str, Any]]:
    """One lane a quantity: the GPU's for each device, the process's once, with the first."""
    is_first = device is None or device == run.devices[0]
    name = device.name if device is not None and len(run.devices) > 1 else ""
    found = []
    for kind, label, unit, metrics in _LANES:
        series = [
            _series(each, t(title), digits=0 if unit == "bytes" else 2)
            for metric, title in metrics
            for each in run.series
            if each.metric == metric and each.t_s and _belongs(each, device, is_first)
        ]
        if series:
            capacity = device.memory_total_bytes if kind == "vram" and device is not None else None
            whole = f"{t(label)} {clean(name)}".strip() if kind in ("vram", "gpu", "power") else t(label)
            colors = {"dark": getattr(DARK, kind), "light": getattr(LIGHT, kind)}
            found.append({"name": whole, "unit": unit, "capacity": capacity, "series": series, **colors})
    return found


def _belongs(series: Series, device: Device | None, is_first: bool) -> bool:
    return is_first if series.device is None else device is not None and series.device == device.key


def _series(series: Series, label: str, digits: int) -> dict[str, Any]:
    starts = series.start_s if len(series.start_s) == len(series.t_s) else series.t_s
    values = [round(float(value), digits or None) for value in series.value]
    return {
        "label": label,
        "t_s": [round(float(t_s), 4) for t_s in starts],
        "value": values,
        "most": max(values, default=0.0),
    }
