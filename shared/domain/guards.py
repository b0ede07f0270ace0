"""Switches that let the simulation prove that its checkers notice a missing guard."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guards:
    """The four guards of the spine; always on but in `simulate --without`."""

    dedup: bool = True
    """An incoming message is recorded once, whatever arrives again."""
    lease: bool = True
    """Only the holder of the newest, live lease may commit a turn."""
    owner: bool = True
    """What the agent wrote under an earlier owner epoch neither commits nor leaves."""
    outbox: bool = True
    """A message is posted only after it was claimed in the conversation's document."""
