"""One installation with one customer."""

import pytest

from tests.app.customers import Customer
from tests.support.installation import Installation


@pytest.fixture
def installation() -> Installation:
    return Installation()


@pytest.fixture
def ana(installation: Installation) -> Customer:
    return Customer(installation)
