"""The container: chosen by the settings, made once."""

import pytest

from shared.config.settings import load
from shared.domain.errors import Misconfigured
from shared.wiring import container


def test_the_google_adapters_are_said_to_be_missing() -> None:
    with pytest.raises(Misconfigured, match="ATENDE_BACKEND"):
        container.build(load({"K_SERVICE": "text"}))


def test_a_container_that_could_not_be_made_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENDE_BACKEND", "google")

    for _ in range(2):
        with pytest.raises(Misconfigured):
            container.get()
