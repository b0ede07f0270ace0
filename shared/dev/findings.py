"""What `doctor` looks at: each function looks at one thing and says what it found."""

import fcntl
import importlib.metadata
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from shared.adapters.embedded import bus, store, tasks
from shared.config.settings import Settings
from shared.dev.environment import Environment, Lock
from shared.dev.lockfile import read_lock
from shared.dev.marker import read_marker

SCHEMAS = {schema.file: schema for schema in (store.SCHEMA, bus.SCHEMA, tasks.SCHEMA)}
_SQLITE_MAGIC = b"SQLite format 3\0"
_SQLITE_HEADER_BYTES = 100
_USER_VERSION = slice(60, 64)
_APPLICATION_ID = slice(68, 72)

# program -> what needs it and where it comes from
OPTIONAL_PROGRAMS = {
    "chromium": "drives the pages in tests marked `browser`: sudo apt-get install chromium",
    "uv": "compiles the locks (`python3 -m shared.dev.relock`): pip install uv",
    "gcloud": "deploys, and brings Google's emulators; nothing needs it on a laptop",
    "java": "runs Google's emulators; nothing needs it on a laptop",
}


class Level(StrEnum):
    """How a finding matters: only a problem keeps `run` from working."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` is what to do about it, empty when nothing."""

    level: Level
    text: str
    advice: str = ""


def interpreter() -> Iterator[Finding]:
    """Look at Python itself and its SQLite."""
    version = sys.version.split()[0]
    yield Finding(Level.OK, f"Python {version} ({sys.executable}), SQLite {sqlite3.sqlite_version}")


def environment(here: Environment) -> Iterator[Finding]:
    """Look at `.venv`: what it was made for, and whether it holds what the lock pins."""
    marker = read_marker(here.folder)
    made = f"{here.folder} made for Python {marker.version}" if marker else f"{here.folder} is half-made"
    yield Finding(
        Level.OK if marker else Level.NOTE, made, "" if marker else "the next command makes it anew"
    )
    wrong = list(_not_as_locked(here.lock_file(Lock.RUNTIME)))
    if wrong:
        yield Finding(
            Level.PROBLEM, f"not as requirements.txt pins: {', '.join(wrong)}", "rm -r .venv and call again"
        )
    else:
        yield Finding(Level.OK, "requirements.txt is installed as it pins")
    if here.is_current(Lock.DEVELOPMENT):
        yield Finding(Level.OK, "the development lock is installed")
    else:
        yield Finding(Level.NOTE, "the development lock is not installed", "`test` and `check` install it")


def settings(loaded: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Show each setting that was set, secrets only as being set, and count the others."""
    names = {each.metadata["variable"]: each for each in fields(loaded)}
    given = [name for name in names if environ.get(name)]
    for name in given:
        shown: Any = getattr(loaded, names[name].name) if names[name].repr else "set, not shown"
        yield Finding(Level.OK, f"{name}: {shown}")
    yield Finding(Level.OK, f"{len(names) - len(given)} of {len(names)} settings have their defaults")


def data_folder(path: Path) -> Iterator[Finding]:
    """Look at the data folder without changing it: who has it, and what lies in it."""
    if not path.exists():
        yield Finding(Level.OK, f"no data in {path} yet; `run` makes it")
        return
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(Level.PROBLEM, f"{path} can't be used", "make it a folder that you may write")
        return
    if _is_locked(path / "lock"):
        yield Finding(
            Level.PROBLEM, f"{path} is in use", "a `run` is using it: end it, or give another --data"
        )
    else:
        yield Finding(Level.OK, f"{path} is not in use")
    for name in SCHEMAS:
        if (path / name).exists():
            yield _database(path / name)


def port(number: int) -> Iterator[Finding]:
    """Look whether `run` could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            yield Finding(Level.PROBLEM, f"port {number}: {error.strerror}", "end who has it, or give --port")
            return
    yield Finding(Level.OK, f"port {number} is free")


def programs() -> Iterator[Finding]:
    """Look for the programs that only some commands need."""
    for name, use in OPTIONAL_PROGRAMS.items():
        found = shutil.which(name)
        yield Finding(Level.OK, f"{name}: {found}") if found else Finding(Level.NOTE, f"no {name}", use)


def _not_as_locked(lock: Path) -> Iterator[str]:
    for pin in read_lock(lock).values():
        wanted = pin.lines[0].partition("==")[2].split()[0]
        try:
            found = importlib.metadata.version(pin.name)
        except importlib.metadata.PackageNotFoundError:
            if ";" not in pin.lines[0]:
                yield f"{pin.name} is missing"
            continue
        if found != wanted:
            yield f"{pin.name} is {found}, not {wanted}"


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _database(file: Path) -> Finding:
    """Compare a SQLite file's header with what this program knows; opening it could change it."""
    with file.open("rb") as content:
        header = content.read(_SQLITE_HEADER_BYTES)
    known = SCHEMAS[file.name]
    version, owner = (int.from_bytes(header[part], "big") for part in (_USER_VERSION, _APPLICATION_ID))
    if not header.startswith(_SQLITE_MAGIC) or owner != known.application_id:
        return Finding(Level.PROBLEM, f"{file} is not ours", "give another --data, or move the file away")
    if version > len(known.steps):
        newer = f"{file} has schema {version}, this program knows up to {len(known.steps)}"
        return Finding(Level.PROBLEM, newer, "use the newer program, or give another --data")
    if version < len(known.steps):
        older = f"{file} has schema {version} of {len(known.steps)}"
        return Finding(Level.NOTE, older, "the next `run` brings it up to date")
    return Finding(Level.OK, f"{file} has schema {version}, {file.stat().st_size} bytes")
