"""One person's chat with one business number: Meta's window and how fast messages may leave."""

from dataclasses import dataclass

from shared.domain.rules import PAIR_BURST, PAIR_INTERVAL_MS


@dataclass(slots=True)
class Chat:
    """What a conversation keeps per business number."""

    window_ms: int = 0
    """When Meta's customer service window closes, with our margin; 0 for never open."""
    newest_wamid: str = ""
    """The newest message, to be marked read, and when it was written."""
    newest_ms: int = 0
    tokens: int = PAIR_BURST
    refilled_ms: int = 0
    pair_waits: int = 0
    """How many pair-rate refusals came in a row."""

    def next_token_ms(self, now_ms: int) -> int:
        """Refill the pair bucket; return when a message may leave (`now_ms`: at once)."""
        if self.tokens >= PAIR_BURST:
            self.refilled_ms = now_ms
        earned = max(0, now_ms - self.refilled_ms) // PAIR_INTERVAL_MS
        if earned:
            self.tokens = min(PAIR_BURST, self.tokens + earned)
            self.refilled_ms += earned * PAIR_INTERVAL_MS
        return now_ms if self.tokens > 0 else self.refilled_ms + PAIR_INTERVAL_MS

    def empty_bucket(self, now_ms: int) -> None:
        """Forget the saved-up burst: Meta said that the pair rate is reached."""
        self.tokens = 0
        self.refilled_ms = now_ms
