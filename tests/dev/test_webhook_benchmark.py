"""The webhook benchmark measures what it says: every server verifies, handles and answers everything."""

import pytest

from shared.dev.benchmarks import webhook
from shared.dev.benchmarks.webhook_pywa import VARIANTS
from shared.dev.benchmarks.webhook_table import table

SHORT = webhook.Extent(rounds=1, round_s=0.2, slow_rounds=1, slow_s=0.2, open_s=0.4)


@pytest.mark.slow
def test_a_short_run_measures_every_server(capfd: pytest.CaptureFixture[str]) -> None:
    figures = webhook.run(True, SHORT)

    assert set(figures["rows"]) == {"instant", "bare", "slow", "embedded", *VARIANTS}
    assert all(row["per_second"] > 0 for row in figures["rows"].values())
    assert [target["what"].partition(",")[0] for target in figures["targets"]] == [
        "instant bus / bare handler",
        "instant bus / pywa",
        "instant bus / pywa_async",
        "15 ms bus",
        "15 ms bus",
        "embedded bus at 500/s",
    ]
    assert all(target["what"] in table(figures) for target in figures["targets"])
    assert capfd.readouterr().out == ""
