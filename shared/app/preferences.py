"""What people allow: marketing stopped or resumed in WhatsApp itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.app.keep import Keeper
from shared.app.kit import Kit, decide, load_live, save
from shared.app.people import People
from shared.domain.incoming import Incoming

_VALUES = {"stop": True, "resume": False}


@dataclass(frozen=True, slots=True)
class RecordPreferences:
    """Record `user_preferences`: who opted out, checked when a proactive message leaves."""

    kit: Kit
    people: People
    keeper: Keeper

    def __call__(self, business: str, incoming: Incoming) -> None:
        """Store each known person's choice; keep the update, which is the evidence of it.

        Raises:
            Retryable: Deliver again.
        """
        value = incoming.update.get("value")
        preferences = value.get("user_preferences") if isinstance(value, dict) else None
        for preference in preferences if isinstance(preferences, list) else ():
            if isinstance(preference, dict):
                self._one(business, preference)
        self.keeper.update(business, incoming, reason="preference")

    def _one(self, business: str, preference: Mapping[str, Any]) -> None:
        opted_out = _VALUES.get(str(preference.get("value")))
        if opted_out is None:
            return
        for identifier in (preference.get("user_id"), preference.get("wa_id")):
            key = self.people.find(business, identifier) if isinstance(identifier, str) else None
            if key is not None:
                decide(partial(self._store, business, key, opted_out=opted_out))
                return

    def _store(self, business: str, key: str, *, opted_out: bool) -> None:
        held = load_live(self.kit.ports.store, business, key)
        if held is not None:
            held.conversation.opted_out = opted_out
            self.kit.ports.store.commit([save(self.kit, held)])
