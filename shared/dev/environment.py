"""The repository's `.venv`: made on first use, kept current, not changed under a running command.

Three files in it do that. `.changing` is locked by whoever changes the environment, and by the
installers that it started: a killed caller's orphan is waited for. `.using` is locked, shared,
by every command that runs on it. `.installed` is written last and says what the environment
holds; without it, or when it doesn't fit, the environment counts as half-made.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shared.dev import installer
from shared.dev.filelock import hold, try_share
from shared.dev.marker import Marker, read_marker, write_marker

REPOSITORY = Path(__file__).resolve().parents[2]
IN_USE_SECONDS = 60.0
ATTEMPTS = 10


class EnvironmentProblem(Exception):
    """The environment can't be made or entered; the message says what to do."""


class Lock(StrEnum):
    """The two hashed locks; the development lock holds the runtime one's pins too."""

    RUNTIME = "runtime"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Environment:
    """The `.venv` of the repository at `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where the environment is."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "bin" / "python"

    def lock_file(self, lock: Lock) -> Path:
        """Return the file that holds `lock`."""
        if lock is Lock.RUNTIME:
            return self.root / "requirements.txt"
        return self.root / "shared" / "dev" / "development.lock"

    def enter(self, lock: Lock, arguments: Sequence[str]) -> None:
        """Return inside an environment that holds `lock`, replacing this process if it is outside.

        Args:
            lock: What the command needs.
            arguments: What to call the environment's interpreter with, to get here again.

        Raises:
            EnvironmentProblem: It could not be made; nothing is left that the next call can't mend.
        """
        current = self._start_using(lock)
        stay = current and self._inside()
        for _ in range(ATTEMPTS):
            if current:
                break
            self.ensure(lock)
            current = self._start_using(lock)
        if not current:
            raise EnvironmentProblem("others keep changing .venv; call again when they are done")
        if not stay:
            sys.stdout.flush()
            sys.stderr.flush()
            os.execv(self.python, [str(self.python), *arguments])  # noqa: S606 - no shell is wanted

    def is_current(self, lock: Lock) -> bool:
        """Tell whether the environment is whole and holds `lock` as it stands now."""
        marker = read_marker(self.folder)
        return marker is not None and self._is_sound(marker) and self._holds(marker, lock)

    def ensure(self, lock: Lock) -> None:
        """Make the environment hold `lock`; waits for others who are changing it.

        Raises:
            EnvironmentProblem: It could not be made, or a running command needs it as it is.
        """
        with self._changing() as guard, _termination_unwinds():
            marker = read_marker(self.folder)
            if marker is None or not self._is_sound(marker):
                with self._unused():
                    marker = self._make(guard)
            elif self._holds(marker, lock):
                return
            if self._only_adds(marker, lock):
                self._install(lock, marker, guard=guard)
            else:
                with self._unused():
                    write_marker(self.folder, None)
                    self._install(lock, marker, guard=guard)

    def _inside(self) -> bool:
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def _start_using(self, lock: Lock) -> bool:
        """Keep others from changing the environment until this process ends, if it is current."""
        descriptor = try_share(self.folder / ".using")
        if descriptor is None:
            return False
        if not self.is_current(lock):
            os.close(descriptor)
            return False
        # The command that replaces this process goes on using it.
        os.set_inheritable(descriptor, True)
        return True

    def _is_sound(self, marker: Marker) -> bool:
        return marker.fits(self.folder, self.python)

    def _holds(self, marker: Marker, lock: Lock) -> bool:
        return marker.locks.get(lock) == installer.digest(self.lock_file(lock))

    def _only_adds(self, marker: Marker, lock: Lock) -> bool:
        """Tell whether installing `lock` leaves alone what running commands may have loaded."""
        fresh = not marker.locks
        tools_missing = Lock.DEVELOPMENT not in marker.locks and self._holds(marker, Lock.RUNTIME)
        return fresh or (lock is Lock.DEVELOPMENT and tools_missing)

    def _make(self, guard: int) -> Marker:
        """Start from nothing; what a broken attempt left behind goes."""
        _refuse_without_venv()
        _say(f"making .venv with Python {sys.version.split()[0]} (once)")
        installer.clear(self.folder, keep=(".changing", ".using"))
        if installer.create(self.folder, guard=guard) != 0:
            raise EnvironmentProblem(f"making .venv failed, see above; {_package_hint()}")
        return Marker.describing(self.folder, self.python)

    def _install(self, lock: Lock, marker: Marker, *, guard: int) -> None:
        file = self.lock_file(lock)
        started = time.monotonic()
        _say(f"installing {installer.pinned_count(file)} packages from {file.relative_to(self.root)}")
        digests: dict[str, str] = {lock: installer.digest(file)}
        if lock is Lock.DEVELOPMENT:
            digests[Lock.RUNTIME] = installer.digest(self.lock_file(Lock.RUNTIME))
        if installer.install(self.folder, self.python, file, guard=guard) != 0:
            raise EnvironmentProblem("installing failed, see above; once that is mended, call again")
        kept = marker.locks if self._only_adds(marker, lock) else {}
        write_marker(self.folder, marker.holding({**kept, **digests}))
        _say(f"installed in {time.monotonic() - started:.0f} s")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[int]:
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise EnvironmentProblem(f"{self.folder} can't be made: {error.strerror}") from error
        if not os.access(self.folder, os.W_OK):
            raise EnvironmentProblem(f"{self.folder} has to change, but is not writable for you")
        waiting = "another call is installing into .venv; waiting for it"
        with hold(self.folder / ".changing", on_wait=lambda: _say(waiting)) as descriptor:
            yield descriptor

    @contextlib.contextmanager
    def _unused(self) -> Iterator[None]:
        waiting = "a running command uses .venv, which has to change; waiting for it to end"
        try:
            with hold(self.folder / ".using", on_wait=lambda: _say(waiting), seconds=IN_USE_SECONDS):
                yield
        except TimeoutError:
            raise EnvironmentProblem("a running command still uses .venv: end it, then call again") from None


@contextlib.contextmanager
def _termination_unwinds() -> Iterator[None]:
    """Let SIGTERM end the installer that was started, too."""

    def unwind(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse_without_venv() -> None:
    if not installer.can_create():
        raise EnvironmentProblem(f"this Python can't make virtual environments; {_package_hint()}")


def _package_hint() -> str:
    package = "python{}.{}-venv".format(*sys.version_info)
    return f"install the package {package} (Debian, Ubuntu: sudo apt-get install {package}) and call again"


def _say(line: str) -> None:
    print(f"atende: {line}", file=sys.stderr, flush=True)
