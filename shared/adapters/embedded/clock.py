"""The machine's clock and randomness."""

import random
import secrets
import time


class SystemClock:
    """The `Clock` that tells the machine's time."""

    def now_ms(self) -> int:
        """Tell the time in milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


class RandomIds:
    """The `Ids` of a machine: 96 random bits each, so that none ever comes twice."""

    def new(self) -> str:
        """Return 24 of `0-9a-f`."""
        return secrets.token_hex(12)

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return random.random()  # noqa: S311  it spreads retries, it hides nothing
