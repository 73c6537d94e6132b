"""Pictures in languages and letters that the installed fonts lack: replaced, never boxes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.language import current
from engine.render import table
from engine.render.chart import text
from engine.render.chart.drawable import drawable, drawable_language
from engine.render.options import Options
from engine.render.report import prepare
from tests import builders

LATIN_ONLY = frozenset(range(0x20, 0x250)) | frozenset(map(ord, "“”‘’…–−·±✕■"))


@pytest.fixture
def latin_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose fonts know European letters only."""
    monkeypatch.setattr(text, "_main_letters", lambda: LATIN_ONLY)
    monkeypatch.setattr(text, "_fallback_letters", lambda: frozenset[int]())


@pytest.mark.usefixtures("latin_fonts")
def test_without_a_font_for_it_the_picture_is_in_english_and_the_table_is_not() -> None:
    report = prepare(builders.tiny_run(), Options(language="zh"))
    shown = drawable(report)
    assert shown.summary.headline.isascii()
    assert any("no installed font" in line for line in shown.notes.missing)
    assert "节点" in table.render(report)
    assert drawable_language("fr") == "fr"
    assert current() == "en", "whoever draws leaves the language as it was"


@pytest.mark.usefixtures("latin_fonts")
def test_titles_that_cannot_be_drawn_become_class_names_then_numbers() -> None:
    run = builders.tiny_run()
    first, *rest = run.steps
    named = replace(first, node_title="采样器", node_type="KSampler")
    unnamed = [replace(step, node_title="解码", node_type="解码器") for step in rest[:1]]
    shown = drawable(prepare(replace(run, name="测试", steps=(named, *unnamed, *rest[1:]))))
    titles = [(step.node_title, step.node_type) for step in shown.run.steps]
    assert titles[0] == ("", "KSampler")
    assert not unnamed or titles[1] == ("", "")
    assert shown.run.name == ""


def test_what_can_be_drawn_stays_as_it_is() -> None:
    report = prepare(builders.tiny_run(), Options(language="fr"))
    assert drawable(report) is report


def test_emoji_without_a_font_are_left_out_and_hide_no_title(latin_fonts: None) -> None:
    assert text.can_draw("🎨 KSampler")
    assert text.printable("🎨 KSampler") == "KSampler"
