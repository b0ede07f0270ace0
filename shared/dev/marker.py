"""What `.venv` holds, written down after everything else: the proof that it is whole."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

NAME = ".installed"


@dataclass(frozen=True, slots=True)
class Marker:
    """An environment's identity, and the digest of each lock that was installed into it.

    `place` is the environment's own path: its scripts name it, so a copy elsewhere is broken.
    `interpreter` is the file behind its `bin/python`, `version` that file's `major.minor`.
    """

    place: str
    interpreter: str
    version: str
    locks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def describing(cls, folder: Path, python: Path) -> "Marker":
        """Describe the environment that was just made in `folder`, with nothing installed."""
        return cls(place=str(folder), interpreter=os.path.realpath(python), version=_running_version())

    def holding(self, locks: Mapping[str, str]) -> "Marker":
        """Return the same with `locks` installed."""
        return replace(self, locks=dict(locks))

    def fits(self, folder: Path, python: Path) -> bool:
        """Tell whether the environment still is where, and on the Python that, it was made for."""
        interpreter = os.path.realpath(python)
        replaced = interpreter == os.path.realpath(sys.executable) and self.version != _running_version()
        return (
            self.place == str(folder)
            and self.interpreter == interpreter
            and os.access(interpreter, os.X_OK)
            and not replaced
        )


def read_marker(folder: Path) -> Marker | None:
    """Return the marker in `folder`, or None when there is none that can be read."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Marker(**found) if isinstance(found["locks"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_marker(folder: Path, marker: Marker | None) -> None:
    """Put `marker` into `folder` in one step; None takes it away."""
    if marker is None:
        (folder / NAME).unlink(missing_ok=True)
        return
    draft = folder / f"{NAME}.{os.getpid()}"
    draft.write_text(json.dumps(asdict(marker), indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / NAME)


def _running_version() -> str:
    return "{}.{}".format(*sys.version_info)
