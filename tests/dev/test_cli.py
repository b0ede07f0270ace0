"""The command line before any environment is entered, called as a user calls it."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from shared.dev.cli import COMMANDS, entry_point
from shared.dev.environment import EnvironmentProblem, Lock

PROJECT = Path(__file__).resolve().parents[2]
BARE_PYTHON = getattr(sys, "_base_executable", sys.executable)


def call(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BARE_PYTHON, "-m", "shared.dev", *arguments],
        cwd=PROJECT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("argument", ["--help", "-h", "help"])
def test_help_lists_every_command(argument: str) -> None:
    done = call(argument)
    assert done.returncode == 0
    assert re.findall(r"^  (\w+)", done.stdout, re.MULTILINE) == list(COMMANDS)


def test_the_commands_are_those_that_are_promised() -> None:
    promised = ["run", "test", "check", "simulate", "bench", "stage", "doctor", "owner", "admin"]
    assert list(COMMANDS) == promised


def test_only_what_develops_needs_the_development_lock() -> None:
    light = {name for name, command in COMMANDS.items() if command.lock is Lock.RUNTIME}
    assert light == {"run", "stage", "doctor", "owner", "admin"}


@pytest.mark.parametrize("arguments", [(), ("launch",), ("--port", "1")])
def test_a_usage_error_ends_with_2_and_shows_the_commands(arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: python3 -m shared.dev <command>" in done.stderr


def test_a_command_whose_module_is_missing_is_named() -> None:
    with pytest.raises(EnvironmentProblem, match=r"no shared\.dev\.nowhere, which"):
        entry_point("shared.dev.nowhere")


def test_a_module_that_fails_to_import_something_else_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "lacking_module.py").write_text("import not_installed_anywhere\n")
    sys.path.insert(0, str(tmp_path))
    try:
        with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
            entry_point("lacking_module")
    finally:
        sys.path.remove(str(tmp_path))


def test_a_python_without_ensurepip_says_which_package_to_install(tmp_path: Path) -> None:
    library = tmp_path / "home" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    library.mkdir(parents=True)
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        if entry.name != "ensurepip":
            (library / entry.name).symlink_to(entry)
    checkout = tmp_path / "checkout"
    shutil.copytree(PROJECT / "shared" / "dev", checkout / "shared" / "dev")
    shutil.copy(PROJECT / "requirements.txt", checkout)
    done = subprocess.run(
        [BARE_PYTHON, "-m", "shared.dev", "doctor"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "PYTHONHOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"install the package {package}" in done.stderr


def test_an_old_python_is_refused_in_one_line() -> None:
    run = "runpy.run_module('shared.dev', run_name='__main__')"
    as_if = f"import runpy, sys; sys.version_info = (3, 8, 18); {run}"
    done = subprocess.run(
        [BARE_PYTHON, "-c", as_if], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "atende: Python 3.11 or newer is needed, this is 3.8.\n"


@pytest.mark.parametrize("name", ["shared/__init__.py", "shared/dev/__init__.py", "shared/dev/__main__.py"])
def test_what_an_old_python_reads_first_is_syntax_that_it_knows(name: str) -> None:
    ast.parse((PROJECT / name).read_text(), feature_version=(3, 4))


def test_finding_a_current_environment_loads_no_heavy_module() -> None:
    code = (
        "import sys; before = set(sys.modules); import shared.dev.cli; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [BARE_PYTHON, "-S", "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"argparse", "asyncio", "importlib.metadata", "shared.config.settings", "sqlite3"}
