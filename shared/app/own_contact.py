"""Finds the contact that belongs to an update, among those that came with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.phone import phone_key

Json = Any
"""A JSON value; `Any` because a payload may hold anything."""

_USER_IDS = {
    "message": ("from_user_id",),
    "echo": ("to_user_id",),
    "status": ("recipient_participant_user_id", "recipient_user_id"),
}
_PHONES = {
    "message": ("from",),
    "echo": ("to",),
    "status": ("recipient_participant_id", "recipient_id"),
}


class Contacts:
    """The `contacts` of one change, handed out to its updates.

    A contact belongs to an update that names its business-scoped id, else to one that
    names its phone and no other business-scoped id. The only contact belongs to the only
    update, unless their business-scoped ids differ. Equal keys are handed out in turn.
    """

    def __init__(self, contacts: Json, *, alone: bool) -> None:
        """Take the raw value of `contacts`; `alone` says that there is a single update."""
        self._strays: list[Json] = []
        self._contacts: list[dict[str, Json]] = []
        if isinstance(contacts, list):
            for contact in contacts:
                known = contact and isinstance(contact, dict)
                (self._contacts if known else self._strays).append(contact)
        elif contacts:
            self._strays.append(contacts)
        self._only = alone and len(self._contacts) == 1
        self._taken = [False] * len(self._contacts)
        self._by_key: dict[tuple[str, str], list[int]] | None = None

    @property
    def left(self) -> list[Json]:
        """What belongs to no update."""
        unclaimed = [contact for contact, taken in zip(self._contacts, self._taken, strict=True) if not taken]
        return unclaimed + self._strays

    def of(
        self, kind: str, update: Mapping[str, Json], *, repeat: bool
    ) -> tuple[dict[str, Json] | None, bool]:
        """Return an update's contact, and whether it was handed out before.

        Args:
            kind: `message`, `status` or `echo`: says which fields name the person.
            update: The raw update.
            repeat: Whether a contact may be handed out again; else None stands for it.
        """
        position = self._find(kind, update)
        if position is None:
            return None, False
        again = self._taken[position]
        self._taken[position] = True
        return (None if again and not repeat else self._contacts[position]), again

    def _find(self, kind: str, update: Mapping[str, Json]) -> int | None:
        if not self._contacts:
            return None
        user_ids = [update.get(name) for name in _USER_IDS[kind]]
        if self._only:
            return 0 if _may_be(self._contacts[0], user_ids) else None
        if self._by_key is None:
            self._by_key = self._index()
        for user_id in user_ids:
            if (position := self._next("user", user_id)) is not None:
                return position
        for name in _PHONES[kind]:
            position = self._next("phone", _phone(update.get(name)))
            if position is not None and _may_be(self._contacts[position], user_ids):
                return position
        return None

    def _next(self, sort: str, key: Json) -> int | None:
        if self._by_key is None or not isinstance(key, str):
            return None
        positions = self._by_key.get((sort, key))
        if not positions:
            return None
        return positions.pop() if len(positions) > 1 else positions[0]

    def _index(self) -> dict[tuple[str, str], list[int]]:
        index: dict[tuple[str, str], list[int]] = {}
        for position in reversed(range(len(self._contacts))):
            contact = self._contacts[position]
            keys = (("user", contact.get("user_id")), ("phone", _phone(contact.get("wa_id"))))
            for sort, key in keys:
                if isinstance(key, str) and key:
                    index.setdefault((sort, key), []).append(position)
        return index


def _may_be(contact: Mapping[str, Json], user_ids: Iterable[Json]) -> bool:
    """Tell whether no business-scoped id says that this is somebody else."""
    own = contact.get("user_id")
    named = [user_id for user_id in user_ids if user_id]
    return not own or not named or own in named


def _phone(value: Json) -> str | None:
    if isinstance(value, int):
        value = str(value)
    return phone_key(value) if isinstance(value, str) and value else None
