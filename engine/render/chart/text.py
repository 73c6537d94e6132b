"""Text that fits: measuring, shortening, wrapping, and letters that no font has.

Measures with the renderer that draws. Never lets matplotlib read a title as
mathematics, and never lets it warn about a missing glyph: a letter that no
installed font can draw becomes a small box.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ...analysis.labels import clean

MAIN_FAMILY = "DejaVu Sans"
"""Comes with matplotlib, so it is always there."""
_FALLBACKS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "IPAGothic",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "Microsoft YaHei",
    "SimHei",
    "Malgun Gothic",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Arial Unicode MS",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Segoe UI Symbol",
    "Segoe UI Emoji",
    "Noto Emoji",
    "Symbola",
)
_MISSING = "\u25a1"
_QUANTITY = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|[KMG]?B|%|of \d)\b|%)")
"""The blank in ``18.3 GB``: no line breaks there."""
_PIECE = re.compile(
    r" ?(?:[\u2e80-\u9fff][\u3001\u3002\u300d\u300f\uff00-\uff0f\uff1a-\uff1f]*"
    r"|[^ \u2e80-\u9fff]+)"
)
"""What stays on one line: a word with the blank before it, or a Chinese or Japanese sign and what ends it."""


def printable(text: str) -> str:
    """``text`` on one line, with only letters that some installed font can draw."""
    text = clean(text)
    if text.isascii():
        return text
    letters = _main_letters()
    if all(ord(letter) in letters for letter in text):
        return text
    known = letters | _fallback_letters()
    kept: list[str] = []
    for letter in text:
        if ord(letter) in known:
            kept.append(letter)
        elif 0xFE00 <= ord(letter) <= 0xFE0F or 0x1F3FB <= ord(letter) <= 0x1F3FF:
            continue  # selectors of how an emoji looks: nothing to draw by themselves
        elif letter.isalnum() and (not kept or kept[-1] != _MISSING):
            kept.append(_MISSING)  # a symbol, such as an emoji, is left out
    return clean("".join(kept))


def can_draw(text: str) -> bool:
    """Whether the installed fonts have all letters and digits of ``text``."""
    if text.isascii():
        return True
    known = _main_letters()
    if all(ord(letter) in known for letter in text):
        return True
    known |= _fallback_letters()
    return all(ord(letter) in known or not letter.isalnum() for letter in clean(text))


def font_file(text: str) -> str:
    """The file of the first installed font that has all letters of ``text``. Raises ``OSError`` for none."""
    from matplotlib.font_manager import FontProperties, findfont

    wanted = {ord(letter) for letter in text if letter.isalnum()}
    for family in (MAIN_FAMILY, *_fallback_families()):
        if wanted <= _letters_of((family,)):
            return str(findfont(FontProperties(family=family)))
    raise OSError("no installed font has these letters")


def or_nothing(text: str) -> str:
    """``text``, or nothing where no installed font has all of its letters."""
    return text if can_draw(text) else ""


@lru_cache(maxsize=8192)
def width(text: str, size: float, bold: bool = False) -> float:
    """How wide ``text`` is drawn at ``size`` pixels, in pixels."""
    if not text:
        return 0.0
    found: tuple[float, float, float] = _measuring_renderer().get_text_width_height_descent(
        text, font(text, size, bold), False
    )
    return found[0]


def fit(text: str, size: float, limit: float, bold: bool = False) -> str:
    """``text`` within ``limit`` pixels, cut in the middle; empty where not even three letters fit."""
    if width(text, size, bold) <= limit:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        keep = (low + high + 1) // 2
        if width(_cut(text, keep), size, bold) <= limit:
            low = keep
        else:
            high = keep - 1
    return _cut(text, low) if low >= 3 else ""


def wrap(text: str, size: float, limit: float, most: int, bold: bool = False) -> list[str]:
    """``text`` in at most ``most`` lines of ``limit`` pixels; what is left over is cut."""
    lines: list[str] = []
    line = ""
    pieces = _PIECE.findall(_QUANTITY.sub("\u00a0", text))
    for number, piece in enumerate(pieces):
        word = piece.removeprefix(" ")
        longer = line + piece if line else word
        if width(longer, size, bold) <= limit:
            line = longer
            continue
        if len(lines) + 1 == most:
            rest = "".join([line, *pieces[number:]]).strip()
            return [*lines, _cut_end(rest, size, limit, bold)]
        if line:
            lines.append(line)
        line = fit(word, size, limit, bold)
    return [*lines, line] if line else lines


@lru_cache(maxsize=256)
def _font(size: float, bold: bool, families: tuple[str, ...]) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=list(families), size=size, weight="bold" if bold else "normal")


def font(text: str, size: float, bold: bool = False) -> Any:
    """Font properties for ``text``; fallback families only where it needs them."""
    if text.isascii() or all(ord(letter) in _main_letters() for letter in text):
        return _font(size, bold, (MAIN_FAMILY,))
    return _font(size, bold and _fallbacks_are_bold(), (MAIN_FAMILY, *_fallback_families()))


def _cut(text: str, keep: int) -> str:
    head = (keep + 1) // 2
    tail = keep - head
    return text[:head].rstrip() + "…" + (text[len(text) - tail :].lstrip() if tail else "")


def _cut_end(text: str, size: float, limit: float, bold: bool) -> str:
    if width(text, size, bold) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        keep = (low + high + 1) // 2
        if width(text[:keep].rstrip() + "…", size, bold) <= limit:
            low = keep
        else:
            high = keep - 1
    return text[:low].rstrip() + "…"


@lru_cache(maxsize=1)
def _measuring_renderer() -> Any:
    from matplotlib.backends import backend_agg

    make: Any = backend_agg.RendererAgg
    return make(8, 8, 72)


@lru_cache(maxsize=1)
def _main_letters() -> frozenset[int]:
    return _letters_of((MAIN_FAMILY,)) & _letters_of((MAIN_FAMILY,), bold=True)


@lru_cache(maxsize=1)
def _fallback_letters() -> frozenset[int]:
    return _letters_of(_fallback_families())


@lru_cache(maxsize=1)
def _fallback_families() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    return tuple(name for name in _FALLBACKS if name in installed)


@lru_cache(maxsize=1)
def _fallbacks_are_bold() -> bool:
    """Whether every fallback family has a bold face; matplotlib logs a warning where one lacks it."""
    from matplotlib.font_manager import fontManager

    bold = {entry.name for entry in fontManager.ttflist if entry.weight in (600, 700, 800, 900, "bold")}
    return set(_fallback_families()) <= bold


def _letters_of(families: Sequence[str], bold: bool = False) -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    found: set[int] = set()
    for family in families:
        path = findfont(FontProperties(family=family, weight="bold" if bold else "normal"))
        if os.path.exists(path):
            found.update(get_font(path).get_charmap())
    return frozenset(found)
