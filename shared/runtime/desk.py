"""What the pages, the API and the commands may ask: the use cases, over every business."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.app.use_cases import UseCases
from shared.domain.errors import UnknownPerson

Json = dict[str, Any]

_OWNER = re.compile(r"agent|queue|paused|person:[^\x00-\x1f\x7f]{1,80}")


class DeadLetters(Protocol):
    """What the bus and the queues have given up, to be looked at and tried again."""

    def list(self, *, limit: int) -> list[Json]:
        """List it, newest first."""
        ...

    def replay(self, key: str) -> bool:
        """Try one again from its first attempt; False when there is no such."""
        ...


class NotFound(LookupError):
    """There is nothing by that name."""


class BadRequest(ValueError):
    """The request can't mean anything; the message says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Asks the use cases of each business in turn; the first that knows the person answers."""

    cases: UseCases
    numbers: Mapping[str, str]
    """Number id -> business."""
    dead_letters: DeadLetters

    @property
    def businesses(self) -> Sequence[str]:
        """Who has conversations, in the order of the settings."""
        return tuple(dict.fromkeys(self.numbers.values()))

    def view(self, identifier: str) -> Json:
        """Show the conversation of a phone or user id.

        Raises:
            NotFound: Nobody has it.
        """
        for business in self.businesses:
            found = self.cases.view(business, identifier)
            if found is not None:
                return found
        raise NotFound("no such person")

    def overview(self, *, limit: int) -> list[Json]:
        """List the newest conversations of all businesses, newest first."""
        rows = [row for business in self.businesses for row in self.cases.overview(business, limit=limit)]
        return sorted(rows, key=lambda row: str(row["updated"]), reverse=True)[:limit]

    def kept(self, *, limit: int) -> list[Json]:
        """List what was kept, of no known person and for nobody's number too, newest first."""
        rows = {
            row["id"]: row for business in self.businesses for row in self.cases.kept(business, limit=limit)
        }
        return sorted(rows.values(), key=lambda row: str(row["at"]), reverse=True)[:limit]

    def set_owner(self, identifier: str, owner: object) -> Json:
        """Change who answers; the change has committed when this returns.

        Raises:
            BadRequest: That is no owner.
            NotFound: Nobody has that phone or user id.
        """
        if not isinstance(owner, str) or not _OWNER.fullmatch(owner):
            raise BadRequest("the owner is one of agent, queue, paused and person:NAME")
        for business in self.businesses:
            try:
                return self.cases.set_owner(business, identifier, owner)
            except UnknownPerson:
                continue
        raise NotFound("no such person")

    def replay(self, kept_id: object) -> None:
        """Publish a kept event again.

        Raises:
            NotFound: There is none under this id that can be replayed.
        """
        if not isinstance(kept_id, str) or not self.cases.replay(kept_id):
            raise NotFound("nothing to replay under that id")

    def replay_dead(self, key: object) -> None:
        """Try again what was given up.

        Raises:
            NotFound: Nothing was, under that key.
        """
        if not isinstance(key, str) or not self.dead_letters.replay(key):
            raise NotFound("nothing was given up under that id")

    def resume(self, number: object) -> None:
        """Let a number that was stopped send again.

        Raises:
            NotFound: It is not ours.
        """
        business = self.numbers.get(number) if isinstance(number, str) else None
        if business is None:
            raise NotFound("that number is not ours")
        self.cases.resume_number(business, str(number))
