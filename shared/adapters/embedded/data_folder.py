"""The folder that holds everything: one process at a time, private, copied as a whole."""

import fcntl
import json
import os
import secrets
from pathlib import Path
from threading import Lock

from shared.adapters.embedded.database import Database, Schema
from shared.domain.errors import Misconfigured

_SECRET_BYTES = 16


class DataFolder:
    """An open data folder; nobody else can open it until it is closed or the process ends.

    A copy of the folder, made while it is not open, is a backup. Files in it that are not
    ours are left alone.
    """

    def __init__(self, path: Path) -> None:
        """Make the folder when there is none, and take its lock.

        Raises:
            Misconfigured: It cannot be made or written, or another process has it open.
        """
        self.path = path
        self._databases: list[Database] = []
        self._secrets_lock = Lock()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(f"{path} cannot be used as the data folder: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._lock, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._lock)
            raise Misconfigured(f"{path} is in use by process {holder}") from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def database(self, schema: Schema) -> Database:
        """Open one of the folder's databases; it is closed with the folder.

        Raises:
            Misconfigured: The file is not ours, damaged, or newer than this program.
        """
        database = Database(self.path / schema.file, schema)
        self._databases.append(database)
        return database

    def secret(self, name: str) -> str:
        """Return the secret of that name, 32 hexadecimal digits, generated at its first use.

        Raises:
            Misconfigured: The secrets' file cannot be read or written.
        """
        with self._secrets_lock:
            known = self._read_secrets()
            if name not in known:
                known[name] = secrets.token_hex(_SECRET_BYTES)
                self._write_secrets(known)
            return known[name]

    def close(self) -> None:
        """Close the databases and let go of the lock."""
        for database in self._databases:
            database.close()
        self._databases.clear()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def _secrets_path(self) -> Path:
        return self.path / "secrets.json"

    def _read_secrets(self) -> dict[str, str]:
        try:
            known = json.loads(self._secrets_path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Misconfigured(f"{self._secrets_path} cannot be read") from error
        if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
            raise Misconfigured(f"{self._secrets_path} does not hold secrets")
        return known

    def _write_secrets(self, known: dict[str, str]) -> None:
        """Replace the file in one step: whoever reads it finds the old or the new one whole."""
        draft = self._secrets_path.with_suffix(".json.new")
        try:
            handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w") as file:
                json.dump(known, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._secrets_path)
            folder = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Misconfigured(f"{self._secrets_path} cannot be written: {error.strerror}") from error
