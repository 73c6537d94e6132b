"""Saving a report: every file is there, each part of the work is done once, what fails stays alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.render import report as reports
from engine.render import table
from engine.render.chart import picture as chart
from engine.render.formats import FORMATS, txt
from engine.render.options import Options
from tests import builders

ALL = ", ".join(FORMATS)


def test_one_save_in_every_format_prepares_and_draws_once(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.report import save

    calls: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            calls[name] += 1
            return function(*given, **named)

        return call

    for module, name in (
        (reports, "sound"),
        (reports, "summarize"),
        (reports, "total"),
        (reports, "notes_for"),
        (chart, "draw"),
    ):
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    report = reports.prepare(builders.sdxl_run(), Options(formats=ALL, filename_prefix="p/run"))
    assert table.render(report)
    saved = save.save(report, None, run_id=7, extra_pnginfo=None)
    assert calls == {"sound": 1, "summarize": 1, "total": 1, "notes_for": 1, "draw": 1}
    names = {file.name for file in (output / "p").iterdir()}
    assert names == {
        f"run_00001_profile{suffix}"
        for suffix in (
            ".png",
            ".collapsed.txt",
            ".csv",
            ".html",
            ".issue.md",
            ".json",
            ".md",
            ".speedscope.json",
            ".trace.json",
            ".txt",
        )
    }
    assert len(saved.notes) == len(names)


def test_the_picture_carries_summary_and_number(output: Path) -> None:
    from engine.host.report import save

    report = reports.prepare(builders.sdxl_run(), Options(filename_prefix="run"))
    save.save(report, None, run_id=7, extra_pnginfo={"workflow": {"nodes": []}})
    info = Image.open(output / "run_00001_profile.png").info
    assert json.loads(info["holaf_profile"])["run_id"] == 7
    assert json.loads(info["workflow"]) == {"nodes": []}


def test_a_format_that_fails_costs_no_other(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.host.report import save

    def fail(_report: object) -> bytes:
        raise ModuleNotFoundError("No module named 'tabulate'", name="tabulate")

    monkeypatch.setattr(txt, "render", fail)
    report = reports.prepare(builders.tiny_run(), Options(formats="txt, docx, csv", filename_prefix="run"))
    notes = save.save(report, None, run_id=None, extra_pnginfo=None).notes
    assert [note.partition(":")[0] for note in notes] == [
        "Saved",
        "Not saved as txt",
        "Unknown format “docx”",
        "Saved",
    ]
    assert "-m pip install tabulate" in notes[1]


def test_a_picture_that_cannot_be_saved_is_shown_all_the_same(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.report import save

    def fail(*_given: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(save, "_metadata", fail)
    saved = save.save(reports.prepare(builders.tiny_run()), None, run_id=None, extra_pnginfo=None)
    assert saved.notes == ("The report could not be saved: on purpose",)
    (shown,) = saved.shown
    assert (output.parent / "temp" / shown["filename"]).exists()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (None, "dark"),
        ("{", "dark"),
        ('{"Comfy.ColorPalette": "light"}', "light"),
        ('{"Comfy.ColorPalette": "nord"}', "dark"),
        (
            '{"Comfy.ColorPalette": "paper", "Comfy.CustomColorPalettes": {"paper": {"light_theme": true}}}',
            "light",
        ),
    ],
)
def test_auto_follows_the_palette_of_the_page(output: Path, settings: str | None, expected: str) -> None:
    from engine.host.report import theme

    folder = output.parent / "user" / "default"
    folder.mkdir(parents=True)
    if settings is not None:
        (folder / "comfy.settings.json").write_text(settings)
    assert theme.settle(Options(theme="auto"), "default").theme == expected
    assert theme.settle(Options(theme="light"), "default").theme == "light"
