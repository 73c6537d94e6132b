"""The language that reports are written in. An English text in the source is its own key, as in the page.

``locales/<language>/report.json`` holds the translations; what is missing there reads in English.
The language belongs to the context (thread or task): whoever knows the reader sets it with
:func:`speaking`, and everything below writes in it. What is put together before its reader is known
(notices of a run, reasons, methods, errors) is kept in English and read through :func:`stored`.

Always English is what programs and maintainers read: csv, json, traces, flame graphs, the environment in
the text for an issue, which field of a request is wrong, and the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES = ("de", "es", "fr", "ja", "ko", "zh")
"""Those that there are translations for, besides English."""

_FOLDER = Path(__file__).resolve().parents[1] / "locales"
_FIELD = re.compile(r"\{(\w+)\}")
_TEXTS = frozenset(("error", "file", "method", "reason", "status", "who", "why"))
"""Values of these names may be texts of the translations themselves."""
_MARKS = {"de": (".", ","), "es": (".", ","), "fr": ("\u202f", ",")}
"""What stands between thousands and before decimals where it is not as in English."""
_DATES = {
    "de": "{2}.{1}.{0}",
    "es": "{2}/{1}/{0}",
    "fr": "{2}/{1}/{0}",
    "ja": "{0}/{1}/{2}",
    "zh": "{0}/{1}/{2}",
}

_language: ContextVar[str] = ContextVar("holaf_profiler_language", default=ENGLISH)


def known(code: object) -> str:
    """The language for a locale or an ``Accept-Language`` header: ``fr-FR,fr;q=0.9`` is ``fr``.

    English for everything that there are no translations for; traditional Chinese among it.
    """
    first = str(code or "").split(",")[0].split(";")[0].strip().lower()
    short = first.split("-")[0]
    is_there = short in LANGUAGES and first not in ("zh-tw", "zh-hk", "zh-hant")
    return short if is_there else ENGLISH


def current() -> str:
    """The language that texts are written in here."""
    return _language.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Texts made within are in ``language``, one of :data:`LANGUAGES` or English."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def t(text: str, /, **values: object) -> str:
    """``text`` in the reader's language, each ``{name}`` replaced by the value of that name."""
    return _filled(_texts(current()).get(text) or text, values)


def tn(forms: str, n: int, /, **values: object) -> str:
    """``forms`` are ``"one {n} node|{n} nodes"``: the first where the language has its singular for ``n``."""
    found = (_texts(current()).get(forms) or forms).split("|")
    is_one = n == 1 or (n == 0 and current() == "fr")
    return _filled(found[0 if is_one else -1], {"n": grouped(n), **values})


def msg(text: str) -> str:
    """Marks a text for translation where it is written down before its reader is known; ``t`` shows it."""
    return text


def stored(text: str) -> str:
    """A text that was put together in English earlier, such as a reason from the history.

    Found by the English texts of the translations, whose ``{name}`` stand for anything.
    """
    texts = _texts(current())
    if not texts or not text:
        return text
    if text in texts:
        return texts[text] or text
    for pattern, translated in _patterns(current()):
        if (match := pattern.fullmatch(text)) is not None:
            values = match.groupdict().items()
            return _filled(
                translated, {name: stored(value) if name in _TEXTS else value for name, value in values}
            )
    return text


def grouped(value: float, digits: int = 0) -> str:
    """``1234.5`` with ``digits`` decimals and its thousands apart, as the language writes numbers."""
    text = f"{value:,.{digits}f}"
    if (marks := _MARKS.get(current())) is None:
        return text
    if current() == "es" and abs(value) < 10_000:
        text = text.replace(",", "")
    return text.translate({ord(","): marks[0], ord("."): marks[1]})


def plain(value: float) -> str:
    """``value`` with as many decimals as it has, six at most: ``2.5``, ``30``."""
    return grouped(value, len(f"{value:.6f}".rstrip("0").partition(".")[2]))


def date_time(timestamp: str) -> str:
    """``2026-11-24T19:26:03Z`` to the minute, the day as the language writes it."""
    day, _, time = timestamp[:16].replace("T", " ").partition(" ")
    parts = day.split("-")
    pattern = _DATES.get(current()) if len(parts) == 3 else None
    return f"{pattern.format(*parts) if pattern else day} {time}".strip()


def sentences(parts: Iterable[str]) -> str:
    """``parts`` one after the other, with a blank between where the language has one."""
    return ("" if current() in ("ja", "zh") else " ").join(parts)


def _filled(text: str, values: Mapping[str, object]) -> str:
    if not values:
        return text
    return _FIELD.sub(lambda found: str(values.get(found[1], found[0])), text)


@cache
def _texts(language: str) -> Mapping[str, str]:
    if language not in LANGUAGES:
        return {}
    try:
        found = json.loads((_FOLDER / language / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The texts with places for values as patterns, the longest first: it says most."""
    found = []
    for text, translated in sorted(_texts(language).items(), key=lambda item: -len(item[0])):
        names = _FIELD.findall(text)
        if not names or "|" in text or len(set(names)) < len(names) or len(_FIELD.sub("", text)) < 8:
            continue
        parts = _FIELD.split(text)
        pattern = "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        )
        found.append((re.compile(pattern), translated or text))
    return tuple(found)
