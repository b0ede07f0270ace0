"""Every use case by the name that entry points, pages and commands call it by."""

from collections.abc import Mapping
from typing import Any

from shared.app.actions import RunAction
from shared.app.echo import RecordEcho
from shared.app.identity import RecordSystem
from shared.app.keep import Keeper
from shared.app.kit import Kit, Ports
from shared.app.numbers import Numbers
from shared.app.outcomes import Outcomes
from shared.app.ownership import SetOwner
from shared.app.people import People
from shared.app.preferences import RecordPreferences
from shared.app.receipts import RecordReceipt
from shared.app.record import RecordMessage
from shared.app.send import SendNext
from shared.app.settle import Settle
from shared.app.sweep import Recover, Sweep
from shared.app.turn import TakeTurn
from shared.app.view import View
from shared.domain import paths
from shared.domain.errors import BadEnvelope
from shared.domain.guards import Guards
from shared.domain.incoming import incoming_of
from shared.domain.rules import Rules
from shared.ports.bus import Event

__all__ = ["Guards", "Ports", "Rules", "UseCases"]


class UseCases:
    """The system, wired to its ports."""

    def __init__(
        self,
        ports: Ports,
        rules: Rules,
        businesses: Mapping[str, str],
        guards: Guards | None = None,
    ) -> None:
        """Wire everything.

        Args:
            ports: The outside.
            rules: The figures of the settings.
            businesses: The business of each number that is ours.
            guards: For the simulation alone.
        """
        kit = Kit(ports, rules, guards or Guards())
        self._ports = ports
        self._businesses = businesses
        self._people = People(kit)
        self._keeper = Keeper(kit)
        self._numbers = Numbers(kit)
        names = tuple(sorted(set(businesses.values())))
        self._record = RecordMessage(kit, self._people, self._keeper)
        self._system = RecordSystem(kit, self._people, self._keeper, self._record)
        self._echo = RecordEcho(kit, self._people, self._keeper)
        self._receipt = RecordReceipt(kit, self._keeper, self._numbers)
        self._preferences = RecordPreferences(kit, self._people, self._keeper)
        self._turn = TakeTurn(kit)
        self._action = RunAction(kit)
        self._send = SendNext(kit, Outcomes(kit, self._numbers), Settle(kit))
        self._owner = SetOwner(kit, self._people)
        self._sweep = Sweep(kit, names)
        self._recover = Recover(kit, names)
        self._view = View(kit, self._people, self._keeper)

    def record_message(self, event: Mapping[str, Any], *, event_id: str) -> None:
        """Handle an event of `inbound-message`: a message, a system message or an echo."""
        incoming = incoming_of(event, event_id=event_id)
        business = self._businesses.get(incoming.number)
        if business is None:
            self._keeper.update(paths.UNOWNED, incoming, reason="not our number")
        elif incoming.kind == "echo":
            self._echo(business, incoming)
        elif incoming.kind != "message":
            self._keeper.update(business, incoming, reason="unknown update")
        elif incoming.update.get("type") == "system":
            self._system(business, incoming)
        else:
            self._record(business, incoming)

    def record_status(self, event: Mapping[str, Any], *, event_id: str) -> None:
        """Handle an event of `inbound-status`: a receipt, or anything about the account."""
        incoming = incoming_of(event, event_id=event_id)
        business = self._businesses.get(incoming.number)
        if incoming.kind == "status" and business is not None:
            self._receipt(business, incoming)
        elif incoming.field == "user_preferences" and business is not None:
            self._preferences(business, incoming)
        elif business is not None or not incoming.number:
            self._keeper.update(business or paths.UNOWNED, incoming, reason="not understood")
        else:
            self._keeper.update(paths.UNOWNED, incoming, reason="not our number")

    def keep(self, topic: str, data: bytes, *, event_id: str, reason: str) -> None:
        """Keep an event that can't be handled: visible, replayable, in nobody's way."""
        self._keeper.event(topic, data, event_id=event_id, reason=reason)

    def take_turn(self, payload: Mapping[str, Any]) -> None:
        """Handle a task of the queue `turns`: a turn, or an action that one asked for."""
        if "action" in payload:
            _need(payload, "business", "action")
            self._action(payload)
        else:
            _need(payload, "business", "conversation", "wake")
            self._turn(payload)

    def send_next(self, payload: Mapping[str, Any]) -> None:
        """Handle a task of a number's `live` queue."""
        _need(payload, "business", "conversation", "wake")
        self._send(payload)

    def sweep(self) -> int:
        """Find what got stuck; see `Sweep`."""
        return self._sweep()

    def recover(self) -> int:
        """Void what a dead process held; see `Recover`."""
        return self._recover()

    def set_owner(self, business: str, identifier: str, owner: str) -> dict[str, object]:
        """Take a conversation over or give it back; see `SetOwner`."""
        return self._owner(business, identifier, owner)

    def view(self, business: str, identifier: str) -> dict[str, Any] | None:
        """Return a person's conversation in the API's shape, or None."""
        return self._view.conversation(business, identifier)

    def overview(self, business: str, *, limit: int) -> list[dict[str, Any]]:
        """List the conversations that changed last."""
        return self._view.overview(business, limit=limit)

    def kept(self, business: str, *, limit: int) -> list[dict[str, Any]]:
        """List what was not understood, of nobody's numbers too."""
        return self._view.kept(business, limit=limit)

    def resume_number(self, business: str, number: str) -> None:
        """Let messages leave from a number that an error had stopped."""
        self._numbers.resume(business, number)

    def replay(self, kept_id: str) -> bool:
        """Publish a kept event again; False when there is no such event to replay."""
        found = self._keeper.take_event(paths.UNOWNED, kept_id)
        if found is None:
            return False
        topic, data = found
        self._ports.bus.publish(topic, [Event(data, {"replayed": kept_id})])
        self._keeper.forget(paths.UNOWNED, kept_id)
        return True


def _need(payload: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if name not in payload]
    if missing:
        raise BadEnvelope(f"a task without {', '.join(missing)}")
