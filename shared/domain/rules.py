"""The figures that the use cases decide by."""

from dataclasses import dataclass

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

WINDOW_MS = 24 * HOUR - MINUTE
"""Meta's customer service window, less a minute for clocks and the way to Meta."""
ANSWER_DEADLINE_MS = 4 * HOUR
"""An answer that could not leave within this time goes to a person instead."""
FUNCTION_TIMEOUT_MS = 60 * SECOND
LEASE_MS = FUNCTION_TIMEOUT_MS + 10 * SECOND
"""A turn's lease outlives the function that holds it, by the design's margin."""
POST_MS = 30 * SECOND
"""A post returns within this time."""
CLAIM_MS = 2 * POST_MS
"""A claim older than this has lost its sender; none that is older than half of it is posted."""
SWEEP_GRACE_MS = 60 * SECOND
"""How long after its time a task is given up for lost."""
STOPPED_RETRY_MS = 60 * SECOND
PAIR_BURST = 45
PAIR_INTERVAL_MS = 6 * SECOND
"""Meta's pair rate: 45 messages at once, then one per six seconds."""
REDRAFTS = 2
RECENT_LINES = 12
RECENT_TEXT = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings decide; times in milliseconds."""

    quiet_ms: int = 3 * SECOND
    max_wait_ms: int = 15 * SECOND
    media_wait_ms: int = 45 * SECOND
    unclear_ms: int = 60 * SECOND
    turns_per_hour: int = 30
    messages_per_second: float = 80.0
