"""What the embedded bus and queues have given up after their last attempt."""

from dataclasses import dataclass
from typing import Any

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.tasks import SqliteTasks

EVENT, TASK = "event", "task"


@dataclass(frozen=True, slots=True)
class EmbeddedDeadLetters:
    """Names each by what it is and its number: `event-7`, `task-12`."""

    bus: SqliteBus
    tasks: SqliteTasks

    def list(self, *, limit: int) -> list[dict[str, Any]]:
        """List deliveries and tasks that were given up, newest first each; no contents."""
        events = [
            {"id": f"{EVENT}-{one.id}", "subscription": one.subscription, "attempts": one.attempts}
            for one in self.bus.dead(limit=limit)
        ]
        tasks = [
            {"id": f"{TASK}-{one.id}", "queue": one.queue, "name": one.name, "attempts": one.attempts}
            for one in self.tasks.dead(limit=limit)
        ]
        return [*events, *tasks]

    def replay(self, key: str) -> bool:
        """Try one again from its first attempt; False when there is no such."""
        kind, _, number = key.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return False
        if kind == EVENT:
            return self.bus.replay(int(number))
        return kind == TASK and self.tasks.replay(int(number))
