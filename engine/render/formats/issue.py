"""A run in a few lines of Markdown, to paste into an issue: what is slow, where, and on what it ran."""

from __future__ import annotations

from ...analysis.labels import clean, step_title
from ...analysis.units import format_bytes, format_percent, format_seconds
from ...language import t
from ..report import Report
from ..table import inside_lines
from .md import escape

SUFFIX = ".issue.md"
MIME = "text/markdown; charset=utf-8"

NODES = 5
_ENVIRONMENT = (
    ("ComfyUI", "comfyui.version"),
    ("Python", "python.version"),
    ("torch", "torch.version"),
    ("CUDA", "torch.cuda"),
    ("GPU", "gpu.0.name"),
    ("driver", "driver.version"),
    ("VRAM mode", "host.vram_mode"),
    ("attention", "attention.backend"),
    ("system", "os"),
    ("flags", "host.flags"),
)


def render(report: Report) -> bytes:
    """UTF-8. Holds no texts of prompts and no paths but those of code."""
    run, summary = report.run, report.summary
    total_s = summary.total_time
    lines = [f"**{escape(summary.headline)}**", "", escape(summary.detail), ""]
    lines += [f"| {t('node')} | {t('time')} | {t('share')} | {t('VRAM peak')} |", "|---|---:|---:|---:|"]
    ran = [step for step in summary.ranking if step.exec_time]
    for step in ran[:NODES]:
        share = step.exec_time / total_s if step.exec_time and total_s else None
        name = f"#{step.node_id} {step_title(step)} ({clean(step.node_type)})"
        numbers = (
            format_seconds(step.exec_time),
            format_percent(share),
            format_bytes(step.vram_max),
        )
        lines.append(f"| {' | '.join((escape(name), *numbers))} |")
    if run.error_message:
        kind = clean(run.error_type or "Error")
        lines += ["", f"Failed: {escape(kind)}: {escape(clean(run.error_message)[:500])}"]
    if inside := inside_lines(report.inside):
        lines += ["", "```", *inside, "```"]
    known = [
        f"{name} {clean(run.environment[key])}" for name, key in _ENVIRONMENT if run.environment.get(key)
    ]
    if known:
        lines += ["", escape(" · ".join(known))]
    packs = [
        f"{clean(key.removeprefix('pack.'))} {clean(version)}"
        for key, version in sorted(run.environment.items())
        if key.startswith("pack.")
    ]
    if packs:
        lines += ["", f"<details><summary>{len(packs)} node packs</summary>", ""]
        lines += [*(f"- {escape(pack)}" for pack in packs), "", "</details>"]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")
