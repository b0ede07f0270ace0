import sys
from pathlib import Path

import pytest

from shared.dev.check import Tool, run_tool


@pytest.mark.parametrize(("code", "passed"), [("print('fine')", True), ("raise SystemExit('found')", False)])
def test_a_tool_passes_with_exit_0_only(tmp_path: Path, code: str, *, passed: bool) -> None:
    result = run_tool(Tool("probe", (sys.executable, "-c", code)), tmp_path)
    assert result.passed is passed
    assert result.output.strip() in {"fine", "found"}


def test_a_tool_that_is_not_there_fails_and_says_so(tmp_path: Path) -> None:
    result = run_tool(Tool("probe", (str(tmp_path / "absent"),)), tmp_path)
    assert not result.passed
    assert "absent" in result.output
