"""How often and how far apart a dispatch is tried again: Pub/Sub's and Cloud Tasks' settings."""

from dataclasses import dataclass

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with an end.

    Attributes:
        minimum_ms: The wait after the first failure; each later one is twice as long.
        maximum_ms: The longest wait.
        attempts: How many attempts there are at all; 100 are spread over some 16 hours.
    """

    minimum_ms: int = 1_000
    maximum_ms: int = 600_000
    attempts: int = 100

    def wait_ms(self, failures: int, jitter: float) -> int | None:
        """Return the wait after so many failures, or None when they were the last.

        `jitter` in [0, 1) lengthens the wait by up to a quarter, never beyond the maximum.
        """
        if failures >= self.attempts:
            return None
        doubled = self.minimum_ms << min(failures - 1, 30)
        return int(min(self.maximum_ms, doubled * (1 + jitter / 4)))
