"""The README's table of settings is the program's own."""

import re
from pathlib import Path

import pytest

from shared.config.settings import describe

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_readme_lists_exactly_the_settings_that_exist() -> None:
    text = README.read_text() if README.exists() else ""
    rows = re.findall(r"^\|(.+?)\|", text, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]{3,})`", row)]
    if not names:
        pytest.skip("the README has no table of settings yet")
    assert sorted(names) == sorted(variable for variable, _, _ in describe())
