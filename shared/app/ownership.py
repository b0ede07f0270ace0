"""Who has the thread: takeover, pause and giving back."""

from dataclasses import dataclass

from shared.app.kit import Held, Kit, cancel, decide, load_live, save
from shared.app.people import People
from shared.app.wakeups import wake_turn
from shared.domain.conversation import is_owner
from shared.domain.errors import Misconfigured, UnknownPerson


@dataclass(frozen=True, slots=True)
class SetOwner:
    """Change a conversation's owner."""

    kit: Kit
    people: People

    def __call__(self, business: str, identifier: str, owner: str) -> dict[str, object]:
        """Commit the change; from then on nothing of the former owner is claimed for sending.

        Given back to the agent, what nobody answered is due at once. The same owner
        again changes nothing.

        Raises:
            UnknownPerson: Nobody has this phone or user id.
            Misconfigured: No such kind of owner.
        """
        if not is_owner(owner):
            raise Misconfigured("owner: agent, queue, paused or person:NAME")
        held = decide(lambda: self._attempt(business, identifier, owner))
        wake_turn(self.kit, held)
        conversation = held.conversation
        return {
            "conversation": conversation.id,
            "owner": conversation.owner,
            "epoch": conversation.epoch,
        }

    def _attempt(self, business: str, identifier: str, owner: str) -> Held:
        key = self.people.find(business, identifier)
        held = load_live(self.kit.ports.store, business, key) if key is not None else None
        if held is None:
            raise UnknownPerson
        if held.conversation.owner == owner:
            return held
        now_ms = self.kit.ports.clock.now_ms()
        cancelled = held.conversation.give_to(owner, now_ms=now_ms)
        writes = cancel(held, cancelled, "taken over")
        self.kit.ports.store.commit([save(self.kit, held), *writes])
        return held
