"""The operating state of a business number: stopped by a flag, resumed by a command."""

import logging
from dataclasses import dataclass

from shared.app.kit import Kit, decide
from shared.domain import paths
from shared.domain.rules import MINUTE
from shared.ports.store import Create, Update
from shared.ports.tasks import live_queue

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Stops, resumes and slows numbers."""

    kit: Kit

    def stop(self, business: str, number: str, reason: str) -> None:
        """Let nothing leave from a number until `resume`; its messages wait."""
        decide(lambda: self._set(business, number, stopped=True, reason=reason))

    def resume(self, business: str, number: str) -> None:
        """Let messages leave again, once the operator has mended what was wrong."""
        decide(lambda: self._set(business, number, stopped=False, reason=""))

    def slow_down(self, business: str, number: str) -> None:
        """Halve a number's rate for a minute, never to a stop."""
        until_ms = self.kit.ports.clock.now_ms() + MINUTE
        self.kit.ports.tasks.slow_down(live_queue(number), factor=0.5, until_ms=until_ms)

    def _set(self, business: str, number: str, *, stopped: bool, reason: str) -> None:
        path = paths.number(business, number)
        fields = {"stopped": stopped, "reason": reason, "since_ms": self.kit.ports.clock.now_ms()}
        found = self.kit.ports.store.get(path)
        if (found is not None and bool(found.data["stopped"])) == stopped:
            return
        write = Create(path, fields) if found is None else Update(path, fields)
        self.kit.ports.store.commit([write])
        if stopped:
            _log.error("number.stopped", extra={"number": number, "reason": reason})
