"""How the commands find the running process: a private file in its data folder, and its API.

Standard library only: the commands answer without waiting for anything to be installed.
"""

import http.client
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.domain.errors import Misconfigured

FILE = "run.json"
TOKEN_HEADER = "X-Atende-Token"  # noqa: S105 - the header's name
ANSWERS_WITHIN_S = 15
FORBIDDEN = 403


class NotRunning(Exception):
    """No process has this data folder open, or it does not answer."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the process: where it listens, and what proves that we may read its folder."""

    port: int
    pid: int
    token: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the running process answered."""

    status: int
    content: Any

    def problem(self) -> str:
        """Tell what went wrong, in one line."""
        told = self.content.get("error") if isinstance(self.content, dict) else None
        return str(told or f"the running process answered {self.status}")


def begin(folder: Path, *, port: int) -> Run:
    """Write down this run, readable by its user alone.

    Raises:
        Misconfigured: It can't be written.
    """
    run = Run(port, os.getpid(), secrets.token_hex(32))
    draft = folder / f"{FILE}.new"
    try:
        handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(run), file)
        draft.replace(folder / FILE)
    except OSError as error:
        raise Misconfigured(f"{folder / FILE} can't be written: {error.strerror}") from error
    return run


def end(folder: Path) -> None:
    """Take the note of this run away."""
    (folder / FILE).unlink(missing_ok=True)


def find(folder: Path) -> Run:
    """Read which process has the folder open.

    Raises:
        NotRunning: None wrote that down.
    """
    try:
        found = json.loads((folder / FILE).read_text())
        return Run(int(found["port"]), int(found["pid"]), str(found["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise NotRunning(f"nothing runs on {folder}; start it with: python3 -m shared.dev run") from None


def call(folder: Path, method: str, path: str, *, body: object = None) -> Reply:
    """Ask the process that runs on this folder.

    Raises:
        NotRunning: None does, or it does not answer.
    """
    run = find(folder)
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=ANSWERS_WITHIN_S)
    headers = {TOKEN_HEADER: run.token, "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read()
        if response.status == FORBIDDEN:
            raise NotRunning(f"nothing runs on {folder}: port {run.port} belongs to something else now")
        return Reply(response.status, json.loads(content) if content else None)
    except (OSError, http.client.HTTPException, ValueError):
        raise NotRunning(f"the process on {folder} does not answer on port {run.port}") from None
    finally:
        connection.close()
