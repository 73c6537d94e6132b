"""The README's table of versions, from results as pytest leaves them."""

from __future__ import annotations

from pathlib import Path

from tests.comfyui import junit, versions_table

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.contract.test_bent_hosts" name="test_bent_below_us[one bundle]"/>
<testcase classname="tests.contract.test_bent_hosts" name="test_an_older_comfyui_gets_one_line">
<failure/></testcase>
<testcase classname="tests.contract.test_steps" name="test_a"><error/></testcase>
<testcase classname="tests.contract.test_steps" name="test_b"><skipped/></testcase>
</testsuite></testsuites>"""

EXPECTED = """
| ComfyUI | 0.16.3 | 0.30.0 |
|---|---|---|
| contract tests passed | 1 of 3 | 1 of 2 |
| bent below us: one bundle | ✓ | ✗ |
| an older ComfyUI gets one line | ✗ |  |
| a second copy stands back |  | ✓ |
"""


def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text(JUNIT, encoding="utf-8")
    newest = {
        f"{versions_table.BENT}test_a_second_copy_stands_back": "passed",
        f"{versions_table.BENT}test_bent_below_us[one bundle]": "failed",
    }
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{versions_table.BEGIN}\nold\n{versions_table.END}\nafter\n", encoding="utf-8")
    assert versions_table.write({"0.16.3": junit.read_results(results), "0.30.0": newest}, readme)
    text = readme.read_text(encoding="utf-8")

    assert text == f"before\n{versions_table.BEGIN}{EXPECTED}{versions_table.END}\nafter\n"


def test_without_a_place_nothing_is_written(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("no marks", encoding="utf-8")
    assert not versions_table.write({}, readme)
    assert readme.read_text(encoding="utf-8") == "no marks"
