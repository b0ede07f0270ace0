"""A data folder for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.adapters.embedded.data_folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """An open data folder that ends with the test."""
    with closing(DataFolder(tmp_path / "data")) as folder:
        yield folder
