"""Counts of passed, failed and skipped, the skipped by reason."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

UNREASONED = "no reason given"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many passed and failed; `skipped` counts each reason."""

    passed: int
    failed: int
    skipped: Counter[str]

    @classmethod
    def of_one(cls, *, passed: bool) -> "Tally":
        """Count one thing that passed or failed."""
        return cls(passed=int(passed), failed=int(not passed), skipped=Counter())

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both."""
        return Tally(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
        )

    def summary(self) -> str:
        """Return the counts in one line, and below it each reason for skipping with its count."""
        counts = f"passed={self.passed} failed={self.failed} skipped={self.skipped.total()}"
        reasons = [f"  skipped {count}: {reason}" for reason, count in self.skipped.most_common()]
        return "\n".join([counts, *reasons])


def read_report(report: Path) -> Tally:
    """Read pytest's JUnit report; one that was not written counts nothing."""
    total = Tally(passed=0, failed=0, skipped=Counter())
    if not report.exists():
        return total
    # pytest wrote this file a moment ago: no stranger's XML.
    for case in Xml.parse(report).iter("testcase"):  # noqa: S314
        total = total.plus(_count(case))
    return total


def _count(case: Xml.Element) -> Tally:
    if any(case.find(tag) is not None for tag in ("failure", "error")):
        return Tally.of_one(passed=False)
    reasons = Counter(_reasons(case))
    return Tally(passed=int(not reasons), failed=0, skipped=reasons)


def _reasons(case: Xml.Element) -> Iterator[str]:
    for skipped in case.iter("skipped"):
        yield skipped.get("message") or UNREASONED
