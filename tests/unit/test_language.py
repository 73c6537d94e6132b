"""Texts of reports: all are in every language's file, none is there that nothing shows, values are put in."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import language
from engine.language import LANGUAGES, date_time, grouped, known, plain, speaking, stored, t, tn

ROOT = Path(__file__).resolve().parents[2]
FIELD = re.compile(r"\{(\w*)\}")


def texts_shown() -> tuple[set[str], set[str]]:
    """What the sources give to ``t``, ``tn`` and ``msg``, and every other text with blanks for its values."""
    shown, written = set(), set()
    for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "nodes").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("t", "tn", "msg") and node.args:
                    shown |= set(_constants(node.args[0]))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                written.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                written.add(_with_blanks(node))
    return shown, {FIELD.sub("{}", text) for text in written}


def _with_blanks(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def texts_of(code: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((ROOT / "locales" / code / "report.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_text_is_missing_unused_or_without_its_values(code: str) -> None:
    shown, written = texts_shown()
    texts = texts_of(code)
    assert sorted(text for text in shown if not texts.get(text)) == [], "missing"
    # What is translated by `stored` is written in English somewhere, with its values.
    unused = [text for text in texts if text not in shown and FIELD.sub("{}", text) not in written]
    assert unused == []
    for text, translated in texts.items():
        for form in translated.split("|"):
            assert set(FIELD.findall(form)) == set(FIELD.findall(text)), text


# Where sentences are put together in English before their reader is known, and read through `stored`:
# notices of a run, reasons, methods, refusals.
SOURCES = (
    *("capture", "probes", "host/run", "host/executor", "host/system", "host/report", "host/guard.py"),
    *(f"host/api/{name}.py" for name in ("bundles", "exports", "recommendations", "references", "repeats")),
    *("host/api/http.py", "host/api/runs.py", "store/translate.py", "store/database.py", "store/writer.py"),
    *("store/crash.py", "store/asking.py", "store/migrate.py", "store/address.py", "workflow/prompt.py"),
    *("store/history.py", "store/import_history.py", "store/upkeep.py", "store/queries"),
    *("host/paths.py", "host/api/history.py"),
)
NOBODY_READS = (
    "log",
    "_log",
    "InvalidError",
    "_say_once",
    "RuntimeError",
    "TypeError",
    "ValueError",
    "t",
    "tn",
)
"""Calls whose texts are for the log, for who writes a client, or translated at once."""
ENGLISH = {
    *("could not extend file", "unable to open database file"),  # how drivers say it
    "on out of memory",  # a value of an input
    *("body.path is missing: name a file, or send one.", "Runs cannot be sorted by {}. Known: {}."),
    *("A run has no field {} that can be changed.", "A group has no field {} that can be changed."),
    "{} is not a date or time like 2026-05-31 or 2026-05-31T12:00:00Z.",  # for who writes a client
    "Workflow Profiler could not draw the report. The run itself is kept in the history.",  # for the log
    "An API client updates with POST /holaf/profiler/update_nodes, or forces with "
    '"extra_data": {"holaf_profiler": {"force": true}}.',
}
SQL = re.compile(r" ?[A-Z]{4,} ")
SENTENCE = re.compile(r"([A-Za-z,:']{2,} ([^ ]+ )*?){3}[a-z]{2,}")


def sentences_in(path: Path) -> set[str]:
    """What a file says to people, each value a ``{}``: not docstrings, nor the log, nor SQL."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    quiet: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            quiet |= {id(part) for part in node.values}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] in NOBODY_READS:
            quiet |= {id(inner) for inner in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in quiet:
            continue
        if isinstance(node, ast.JoinedStr):
            found.add(FIELD.sub("{}", _with_blanks(node)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(FIELD.sub("{}", node.value))
    return {text for text in found if SENTENCE.search(text) and not SQL.match(text)}


def test_every_sentence_kept_in_english_can_be_translated_later() -> None:
    files = [
        file
        for name in SOURCES
        for file in (
            [ROOT / "engine" / name] if name.endswith(".py") else (ROOT / "engine" / name).rglob("*.py")
        )
    ]
    texts = {FIELD.sub("{}", text) for text in texts_of("de")}
    missing = {
        f"{file.relative_to(ROOT)}: {sentence}"
        for file in files
        for sentence in sentences_in(file) - ENGLISH
        if sentence not in texts
    }
    assert sorted(missing) == []


def test_a_text_within_a_text_is_translated_too() -> None:
    kept = (
        "Node times come from ComfyUI's progress messages and are less exact: "
        "the custom node pack rough runs nodes without the profiler's hook."
    )
    assert stored(kept) == kept
    with speaking("de"):
        assert stored(kept).endswith(": das Knotenpaket rough führt Knoten am Profiler vorbei aus.")


def test_a_text_without_translation_reads_in_english() -> None:
    with speaking("fr"):
        assert t("Nobody translated {this}", this=7) == "Nobody translated 7"
    assert t("Nobody translated {this}", this="{other}") == "Nobody translated {other}"


def test_values_and_plurals_follow_the_language() -> None:
    assert tn("{n} node|{n} nodes", 1) == "1 node"
    assert tn("{n} node|{n} nodes", 1200) == "1,200 nodes"
    with speaking("fr"):
        assert tn("{n} node|{n} nodes", 0) == "0 nœud", "in French zero is singular"
    with speaking("ja"):
        assert tn("{n} node|{n} nodes", 5) == "5 個のノード"


@pytest.mark.parametrize(
    ("code", "number", "day"),
    [
        ("en", "1,234.5", "2026-11-21 14:02"),
        ("de", "1.234,5", "21.11.2026 14:02"),
        ("es", "1234,5", "21/11/2026 14:02"),
        ("fr", "1\u202f234,5", "21/11/2026 14:02"),
        ("zh", "1,234.5", "2026/11/21 14:02"),
        ("ko", "1,234.5", "2026-11-21 14:02"),
    ],
)
def test_numbers_and_dates_are_written_as_the_language_writes_them(code: str, number: str, day: str) -> None:
    with speaking(code):
        assert grouped(1234.5, 1) == number
        assert plain(30.0) == "30"
        assert date_time("2026-11-21T14:02:59Z") == day


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-TW,zh;q=0.9", "en"),
        ("pt-BR", "en"),
        ("", "en"),
        (None, "en"),
        (["de"], "en"),
        ("../../de", "en"),
    ],
)
def test_the_language_of_a_locale_or_a_header(given: object, expected: str) -> None:
    assert known(given) == expected


def test_a_stored_text_is_recognised_with_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        language,
        "_texts",
        lambda code: {"no room on {disk}": "kein Platz auf {disk}"} if code == "de" else {},
    )
    language._patterns.cache_clear()
    with speaking("de"):
        assert stored("no room on /data") == "kein Platz auf /data"
        assert stored("something else") == "something else"
    assert stored("no room on /data") == "no room on /data"
    language._patterns.cache_clear()
