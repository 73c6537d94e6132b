"""The README's table of ComfyUI versions, written from the results of the contract tests.

``python -m tests.comfyui.versions_table VERSION=RESULTS.xml ...`` writes it from JUnit files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from .cache import REPOSITORY, say
from .junit import Results, passed, read_results

README = REPOSITORY / "README.md"
BEGIN = "<!-- versions: written by make test-matrix -->"
END = "<!-- end of versions -->"
BENT = "tests.contract.test_bent_hosts::"
_MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}


def table(found: Mapping[str, Results]) -> str:
    """A Markdown table: a column for each version, a row for each way in which ComfyUI was bent."""
    lines = [
        f"| ComfyUI | {' | '.join(found)} |",
        f"|---|{'---|' * len(found)}",
        f"| contract tests passed | {' | '.join(_count(results) for results in found.values())} |",
    ]
    tests = dict.fromkeys(name for results in found.values() for name in results if name.startswith(BENT))
    for name in tests:
        marks = (_MARKS.get(results.get(name, ""), "") for results in found.values())
        lines.append(f"| {_words(name)} | {' | '.join(marks)} |")
    return "\n".join(lines)


def write(found: Mapping[str, Results], readme: Path = README) -> bool:
    """Put the table between its marks. False, with a word about it, where there are none."""
    before, mark, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        say(f"{readme.name} has no place for the table of versions.")
        return False
    readme.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", encoding="utf-8")
    return True


def _count(results: Results) -> str:
    ran = [ended for ended in results.values() if ended != "skipped"]
    return f"{len(passed(results))} of {len(ran)}"


def _words(name: str) -> str:
    """A test's name as words: ``test_bent_below_us[one bundle]`` is "bent below us: one bundle"."""
    plain, _, parameter = name.removeprefix(BENT).removesuffix("]").partition("[")
    words = re.sub(r"^test_", "", plain).replace("_", " ").replace("comfyui", "ComfyUI")
    return f"{words}: {parameter}" if parameter else words


def main(arguments: list[str]) -> int:
    """The command."""
    named = dict(argument.split("=", 1) for argument in arguments)
    return 0 if write({version: read_results(Path(path)) for version, path in named.items()}) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
