"""The locks pin and hash everything that pyproject.toml asks for, and say nothing of where from."""

import re
import tomllib
from pathlib import Path

import pytest

from shared.dev.environment import Environment, Lock
from shared.dev.lockfile import canonical, read_lock

PROJECT = Path(__file__).resolve().parents[2]
RUNTIME = Environment(PROJECT).lock_file(Lock.RUNTIME)
DEVELOPMENT = Environment(PROJECT).lock_file(Lock.DEVELOPMENT)
FORBIDDEN = re.compile(r"://|^\s*-(?!-hash=)|\bindex-url\b|find-links|trusted-host", re.MULTILINE)
HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}( \\)?")


def asked_for() -> tuple[set[str], set[str]]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    runtime = {canonical(name) for name in project["project"]["dependencies"]}
    return runtime, {canonical(name) for name in project["dependency-groups"]["development"]}


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=["runtime", "development"])
def test_a_lock_names_no_address_and_hashes_every_pin(lock: Path) -> None:
    assert not FORBIDDEN.search(lock.read_text())
    pins = read_lock(lock)
    assert pins
    for pin in pins.values():
        assert re.match(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; .+)? \\$", pin.lines[0])
        assert len(pin.lines) > 1
        assert all(HASH.fullmatch(line) for line in pin.lines[1:])


@pytest.mark.parametrize("text", ["--index-url https://example.org/simple", "-f wheels", "x @ file://wheels"])
def test_an_address_would_be_noticed(text: str) -> None:
    assert FORBIDDEN.search(f"anyio==1 \\\n    --hash=sha256:aa\n{text}\n")


def test_the_locks_hold_what_the_project_asks_for() -> None:
    runtime, development = asked_for()
    assert runtime <= read_lock(RUNTIME).keys()
    assert runtime | development <= read_lock(DEVELOPMENT).keys()


def test_tools_are_not_in_the_runtime_lock() -> None:
    assert not asked_for()[1] & read_lock(RUNTIME).keys()


def test_tests_run_on_the_versions_that_are_deployed() -> None:
    development = read_lock(DEVELOPMENT)
    for name, pin in read_lock(RUNTIME).items():
        assert development[name].lines[0].split()[0] == pin.lines[0].split()[0]
        assert set(development[name].lines[1:]) == set(pin.lines[1:])


def test_there_is_no_other_requirements_file() -> None:
    places = [PROJECT, *(PROJECT / top for top in ("functions", "shared", "tests"))]
    others = {path for place in places for path in place.glob("requirements*.txt")}
    others |= set((PROJECT / "functions").rglob("requirements*.txt"))
    assert others == {RUNTIME}
