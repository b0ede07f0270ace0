"""An assistant with a time limit of ours, so that one that hangs can't hold the turn."""

import threading
from dataclasses import dataclass

from shared.domain.errors import AssistantUnavailable
from shared.ports.assistant import Assistant, Briefing, Decision


@dataclass(slots=True)
class _Call:
    """One call in its thread; `decision` or `error` is set when it has come back."""

    decision: Decision | None = None
    error: Exception | None = None


class BoundedAssistant:
    """Asks another assistant in a thread of its own and stops waiting after a while.

    A thread can't be ended from outside: one that hangs is abandoned and goes on holding one
    of `most` places. When none is free, the answer is `AssistantUnavailable` at once.
    """

    def __init__(self, inner: Assistant, *, limit_s: float, most: int = 64) -> None:
        """Wrap `inner`."""
        self._inner = inner
        self._limit_s = limit_s
        self._places = threading.BoundedSemaphore(most)

    def decide(self, briefing: Briefing) -> Decision:
        """Answer as the wrapped assistant does, or raise within the limit.

        Raises:
            AssistantUnavailable: It took too long, it failed, or too many calls still hang.
        """
        if not self._places.acquire(blocking=False):
            raise AssistantUnavailable("too many calls hang")
        call = _Call()
        thread = threading.Thread(target=self._run, args=(call, briefing), name="assistant", daemon=True)
        thread.start()
        thread.join(self._limit_s)
        if call.error is not None:
            raise AssistantUnavailable(type(call.error).__name__) from call.error
        if call.decision is None:
            raise AssistantUnavailable("no decision in time")
        return call.decision

    def _run(self, call: _Call, briefing: Briefing) -> None:
        try:
            call.decision = self._inner.decide(briefing)
        except Exception as error:  # noqa: BLE001 - told to the waiting thread, as the port promises
            call.error = error
        finally:
            self._places.release()
