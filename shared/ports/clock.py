"""Time and fresh identifiers, virtual in simulation."""

from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now_ms(self) -> int:
        """Tell the time in milliseconds since 1970, UTC."""
        ...


class Ids(Protocol):
    """The only source of randomness."""

    def new(self) -> str:
        """Return an identifier never returned before: 20 to 32 of `a-z0-9`."""
        ...

    def jitter(self) -> float:
        """Return a number in [0, 1), for spreading retries."""
        ...
