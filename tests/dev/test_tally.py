from collections import Counter
from pathlib import Path

from shared.dev.tally import Tally, read_report

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="1" failures="1" skipped="2" tests="6">
<testcase classname="a" name="one"/>
<testcase classname="a" name="two"><failure message="no">trace</failure></testcase>
<testcase classname="a" name="three"><error message="setup">trace</error></testcase>
<testcase classname="a" name="four"><skipped type="pytest.skip" message="needs chromium"/></testcase>
<testcase classname="a" name="five"><skipped type="pytest.skip" message="needs chromium"/></testcase>
<testcase classname="a" name="six"><failure message="no"/><error message="teardown"/></testcase>
</testsuite></testsuites>
"""


def test_each_test_counts_once_and_the_skipped_by_reason(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert read_report(report) == Tally(passed=1, failed=3, skipped=Counter({"needs chromium": 2}))


def test_a_report_that_was_never_written_counts_nothing(tmp_path: Path) -> None:
    assert read_report(tmp_path / "none.xml") == Tally(passed=0, failed=0, skipped=Counter())


def test_the_summary_ends_with_the_reasons() -> None:
    total = Tally(passed=7, failed=1, skipped=Counter({"needs chromium": 2})).plus(Tally.of_one(passed=True))
    assert total.summary() == "passed=8 failed=1 skipped=2\n  skipped 2: needs chromium"
