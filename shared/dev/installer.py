"""The steps that change an environment: clear, create, install. Their output goes to stderr."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# A caller's pip settings that would send packages elsewhere or contradict the lock.
CONTRADICTING = ("PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_PREFIX", "PIP_PYTHON", "PIP_ROOT", "PIP_TARGET")


def can_create() -> bool:
    """Tell whether this Python brings what making a virtual environment takes."""
    return all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))


def digest(file: Path) -> str:
    """Return a lock file's SHA-256 in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def pinned_count(file: Path) -> int:
    """Return how many packages a lock file pins."""
    return sum("==" in line and line[0].isalnum() for line in file.read_text(encoding="utf-8").splitlines())


def clear(folder: Path, *, keep: Sequence[str]) -> None:
    """Empty `folder` but for the names in `keep`, the marker first."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name != ".installed"):
        if entry.name in keep:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def create(folder: Path, *, guard: int) -> int:
    """Make a virtual environment of this Python in `folder`; returns the exit code.

    `guard` is a locked descriptor that the child keeps: the lock outlives a killed caller.
    """
    base = getattr(sys, "_base_executable", sys.executable)
    return _call([base, "-I", "-m", "venv", str(folder)], guard=guard)


def install(folder: Path, python: Path, lock: Path, *, guard: int) -> int:
    """Install a hashed lock file with pip, showing its progress; returns the exit code."""
    _forget_broken(folder)
    options = ["--no-input", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    return _call([str(python), "-I", "-m", "pip", "install", *options, "-r", str(lock)], guard=guard)


def _forget_broken(folder: Path) -> None:
    """Remove what makes pip take a package for installed although it was killed before the end.

    pip writes a package's INSTALLER after its files, and sets replaced files aside under `~`.
    """
    for site in folder.glob("lib/python*/site-packages"):
        for entry in site.iterdir():
            unfinished = entry.name.endswith(".dist-info") and not (entry / "INSTALLER").exists()
            if unfinished or entry.name.startswith("~"):
                shutil.rmtree(entry, ignore_errors=True)


def _call(command: Sequence[str], *, guard: int) -> int:
    # A user-wide `user = true` can't hold inside a virtual environment.
    environ = {name: value for name, value in os.environ.items() if name not in CONTRADICTING}
    environ["PIP_USER"] = "0"
    finished = subprocess.run(command, stdout=sys.stderr, env=environ, pass_fds=(guard,), check=False)
    return finished.returncode
