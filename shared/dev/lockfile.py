"""The hashed lock: which distributions it pins, who needs whom, and the cut for some of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==")
_VIA = re.compile(r"#\s+(?:via\s+)?(?!via$)(?P<name>[A-Za-z0-9._-]+)$")


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution: its lines with version, marker and hashes, and what it was locked for."""

    name: str
    lines: tuple[str, ...]
    via: frozenset[str]


def canonical(name: str) -> str:
    """Return a distribution's name in the one spelling that locks use."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(path: Path) -> dict[str, Pin]:
    """Read a lock that `uv pip compile --generate-hashes` wrote, by canonical name."""
    pins: dict[str, Pin] = {}
    block: list[str] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), "end"]:
        if line[:1].isalnum():
            pins.update(_parse(block))
            block = []
        block.append(line)
    return pins


def cut(pins: Mapping[str, Pin], needed: Iterable[str]) -> str:
    """Return the text of a lock with the `needed` distributions and all that they require.

    Who requires whom is read from the lock's own notes, so that the same lock gives the same
    cut on every machine.
    """
    kept: set[str] = set()
    waiting = set(needed)
    while waiting:
        name = waiting.pop()
        kept.add(name)
        waiting |= {pin.name for pin in pins.values() if name in pin.via} - kept
    return "".join(f"{line}\n" for name in sorted(kept) for line in pins[name].lines)


def _parse(block: list[str]) -> dict[str, Pin]:
    start = _PIN.match(block[0]) if block else None
    if start is None:
        return {}
    name = canonical(start["name"])
    lines = tuple(line for line in block if line and not line.lstrip().startswith("#"))
    notes = (_VIA.match(line.strip()) for line in block)
    via = frozenset(canonical(note["name"]) for note in notes if note is not None)
    return {name: Pin(name, lines, via)}
