"""The only table from what happened to an HTTP status, and the only place that catches everything."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from shared.domain.errors import BadEnvelope, Retryable
from shared.wiring.journal import Field, journal

DONE = 204
MALFORMED = 400
FAILED = 500
AGAIN = 503

LAST_ATTEMPT = 5
"""From this delivery on, an event that its handler can't take is kept instead of tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a call came from; what its log lines tell about it."""

    kind: str
    name: str
    id: str = ""
    attempt: int | None = None
    trace: str = ""

    def fields(self) -> dict[str, Field]:
        """List what a log line tells."""
        return {"name": self.name, "id": self.id, "attempt": self.attempt, "trace": self.trace}


def answer(status: int) -> ResponseReturnValue:
    """Make the empty response that platforms read only the status of."""
    return "", status


def refuse(error: BadEnvelope, *, source: Source) -> ResponseReturnValue:
    """Answer a call that is not in its platform's shape."""
    journal.error(f"{source.kind}.malformed", reason=str(error), **source.fields())
    return answer(MALFORMED)


def event(handle: Callable[[], None], *, keep: Callable[[str], None], source: Source) -> ResponseReturnValue:
    """Handle one event: done, again later, or kept as poison and done.

    What can never be handled is kept at once, an unexpected error only when it lasts.

    Args:
        handle: The use case, ready to be called.
        keep: Keeps the event visibly and replayably, with the reason.
        source: The delivery; one without a count of attempts is taken for the last.
    """
    try:
        handle()
    except Retryable as error:
        journal.warning("event.again", error=type(error).__name__, **source.fields())
        return answer(AGAIN)
    except BadEnvelope as error:
        return kept(keep, reason=str(error), source=source)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises must not block the others
        return _poison(error, keep=keep, source=source)
    return answer(DONE)


def task(handle: Callable[[], None], *, source: Source) -> ResponseReturnValue:
    """Handle one task: done, or again with backoff.

    Never 429 or 503: either would throttle the whole queue, not only this task.
    """
    return _once(handle, again=FAILED, source=source)


def tick(handle: Callable[[], None], *, source: Source) -> ResponseReturnValue:
    """Handle one tick of the scheduler; the next one comes anyway."""
    return _once(handle, again=AGAIN, source=source)


def _once(handle: Callable[[], None], *, again: int, source: Source) -> ResponseReturnValue:
    try:
        handle()
    except Retryable as error:
        journal.warning(f"{source.kind}.again", error=type(error).__name__, **source.fields())
        return answer(again)
    except BadEnvelope as error:
        return refuse(error, source=source)
    except Exception as error:  # noqa: BLE001 - the platform calls again; the log tells where it broke
        journal.error(f"{source.kind}.failed", error=type(error).__name__, at=place(error), **source.fields())
        return answer(FAILED)
    return answer(DONE)


def _poison(error: Exception, *, keep: Callable[[str], None], source: Source) -> ResponseReturnValue:
    told = {"error": type(error).__name__, "at": place(error)}
    if source.attempt is not None and source.attempt < LAST_ATTEMPT:
        journal.error("event.failed", **told, **source.fields())
        return answer(FAILED)
    return kept(keep, reason=f"handler failed: {type(error).__name__}", source=source, at=place(error))


def kept(keep: Callable[[str], None], *, reason: str, source: Source, at: str = "") -> ResponseReturnValue:
    """Keep an event that can't be handled; when even that fails, it is delivered again."""
    try:
        keep(reason)
    except Exception as error:  # noqa: BLE001 - not kept must never read as done
        journal.error("event.not-kept", error=type(error).__name__, at=place(error), **source.fields())
        return answer(FAILED)
    journal.error("event.kept", reason=reason, at=at, **source.fields())
    return answer(DONE)


def place(error: BaseException) -> str:
    """Name the file and line that raised: all that a log may tell of a stranger's error."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{frames[0].filename}:{frames[0].lineno}" if frames else ""
