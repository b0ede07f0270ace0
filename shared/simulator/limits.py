"""Meta's rates: throughput of a number, pair rate, and the 24-hour window."""

from collections import deque

from shared.simulator.records import Chat

WINDOW_MS = 24 * 60 * 60 * 1000
PAIR_BURST = 45.0
PAIR_REFILL_MS = 6000


class Throughput:
    """Counts a number's messages, in and out, over the last second."""

    def __init__(self, per_second: int) -> None:
        """Allow `per_second` messages."""
        self._per_second = per_second
        self._times: deque[int] = deque()

    def note(self, now_ms: int) -> None:
        """Count one message."""
        self._times.append(now_ms)
        self._forget(now_ms)

    def full(self, now_ms: int) -> bool:
        """Tell whether one more message would exceed the rate."""
        self._forget(now_ms)
        return len(self._times) >= self._per_second

    def _forget(self, now_ms: int) -> None:
        while self._times and self._times[0] <= now_ms - 1000:
            self._times.popleft()


def take_pair_token(chat: Chat, now_ms: int) -> bool:
    """Take one of the pair's tokens; tell whether there was one."""
    gone_ms = max(0, now_ms - chat.pair_at_ms)
    chat.pair_tokens = min(PAIR_BURST, chat.pair_tokens + gone_ms / PAIR_REFILL_MS)
    chat.pair_at_ms = now_ms
    if chat.pair_tokens < 1.0:
        return False
    chat.pair_tokens -= 1.0
    return True


def window_open(chat: Chat, now_ms: int) -> bool:
    """Tell whether free-form messages may go to this customer."""
    return chat.last_in_ms > 0 and now_ms - chat.last_in_ms < WINDOW_MS
