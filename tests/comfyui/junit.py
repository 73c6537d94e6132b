"""Results of pytest runs, as its JUnit files have them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

Results = dict[str, str]
"""Test (``module.Class::name``) -> ``passed``, ``failed`` or ``skipped``."""


def read_results(path: Path) -> Results:
    """What a JUnit file says of each test."""
    results: Results = {}
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        ended = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        results[f"{case.get('classname')}::{case.get('name')}"] = ended
    return results


def passed(results: Results) -> set[str]:
    """The tests that passed."""
    return {name for name, ended in results.items() if ended == "passed"}
