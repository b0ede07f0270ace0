"""People who reach the product past this simulator: learned, so that replies find them.

Whoever posts signed webhooks of their own speaks for WhatsApp. What they tell is taken as
true: who has which phone and user id, who wrote when. Nothing is sent for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.incoming import Incoming
from shared.simulator.identifiers import digits, user_id
from shared.simulator.recording import record
from shared.simulator.records import Customer, Value
from shared.simulator.state import State

CHANGES = ("user_changed_number", "user_changed_user_id")
LONGEST_NAME = 100
LONGEST_PHONE = 20
LONGEST_USER_ID = 512


@dataclass(frozen=True, slots=True)
class Shown:
    """What an update shows of a person; empty is what it doesn't show."""

    user_id: str = ""
    phone: str = ""
    name: str = ""
    username: str = ""


class Overhearing:
    """Learns from updates that the product got."""

    def __init__(self, state: State) -> None:
        """Learn into this state."""
        self._state = state

    def is_news(self, incoming: Incoming) -> bool:
        """Tell whether there is something to learn: a customer's message that isn't here yet."""
        if incoming.kind != "message" or incoming.number not in self._state.numbers:
            return False
        known = self._state.messages.get(incoming.wamid)
        return known is None or known.chat.partition(":")[0] != incoming.number

    def hear(self, incoming: Incoming) -> None:
        """Learn who wrote, keep the message, open the window; nothing when it is no news.

        A message without a usable id opens the window and is not kept.
        """
        if not self.is_news(incoming):
            return
        state = self._state
        system = incoming.update.get("system")
        system = system if isinstance(system, dict) else {}
        shown = _writer(incoming)
        customer = self._changed(shown, system) if system.get("type") in CHANGES else self._met(shown)
        if customer is None:
            return
        chat = state.chat(incoming.number, customer)
        if incoming.update.get("type") != "system":
            chat.last_in_ms = max(chat.last_in_ms, incoming.at_ms)
            state.touch("chat", chat.key, chat)
            state.throughput[incoming.number].note(state.now_ms)
        if incoming.wamid and incoming.wamid not in state.messages:
            record(state, chat, dict(incoming.update), at_ms=incoming.at_ms, status="delivered")

    def _met(self, shown: Shown) -> Customer | None:
        if not (shown.user_id or shown.phone):
            return None
        customer = self._known(shown)
        if customer is None:
            return self._made(shown)
        if customer.guessed and shown.user_id:
            self._state.forget_user_id(customer)
            customer.user_id, customer.guessed = shown.user_id, False
        self._describe(customer, shown)
        return customer

    def _known(self, shown: Shown) -> Customer | None:
        """Find a person by user id, then by phone unless somebody else is known to hold it."""
        found = self._state.by_user_id(shown.user_id)
        if found is None and not shown.phone:
            found = self._state.by_former_user_id(shown.user_id)
        if found is not None:
            return found
        holder = self._state.by_phone(shown.phone)
        return holder if holder is not None and (holder.guessed or not shown.user_id) else None

    def _made(self, shown: Shown) -> Customer:
        state = self._state
        serial = state.next_serial()
        customer = Customer(
            id=f"c{serial}",
            name=f"Cliente {serial}",
            # Everybody has a phone: without one nothing could be delivered.
            phone="" if shown.phone else state.free_phone(),
            user_id=shown.user_id or user_id(state.chance, shown.phone),
            created_ms=state.now_ms,
            guessed=not shown.user_id,
        )
        self._describe(customer, shown)
        return customer

    def _describe(self, customer: Customer, shown: Shown) -> None:
        """Take over what is shown; a phone leaves whoever had it before."""
        state = self._state
        if shown.phone and (not customer.phone or state.by_phone(shown.phone) is not customer):
            state.vacate(shown.phone)
            state.forget_phone(customer)
            customer.phone = shown.phone
        customer.hidden = not shown.phone
        customer.name = shown.name or customer.name
        customer.username = shown.username or customer.username
        if customer.hidden and not customer.username:
            customer.username = f"cliente.{customer.id}"
        state.put_customer(customer)

    def _changed(self, before: Shown, system: Mapping[str, Any]) -> Customer | None:
        after = Shown(user_id=_user_id(system.get("user_id")), phone=_phone(system.get("wa_id")))
        previous = _user_id(system.get("previous_user_id"))
        if not previous and before.user_id != after.user_id:
            previous = before.user_id
        customer = (
            self._state.by_user_id(previous)
            or self._state.by_former_user_id(previous)
            or self._known(Shown(previous, before.phone))
        )
        if customer is None or not (after.user_id or after.phone):
            return self._met(after if after.user_id or after.phone else before)
        if self._state.by_former_user_id(after.user_id) is customer:
            return customer
        return self._moved(customer, after)

    def _moved(self, customer: Customer, after: Shown) -> Customer:
        """Move a person to a new user id, phone or both."""
        state = self._state
        ahead = state.by_user_id(after.user_id)
        if ahead is not None and ahead is not customer:
            # A message from the new address was faster: the old one is dead, the new one lives.
            state.vacate(customer.phone)
            self._describe(ahead, after)
            return ahead
        if after.user_id and after.user_id != customer.user_id:
            state.forget_user_id(customer)
            if not customer.guessed:
                customer.previous_user_ids.append(customer.user_id)
            customer.user_id, customer.guessed = after.user_id, False
            if not after.phone:
                state.forget_phone(customer)
                customer.phone = state.free_phone()
        self._describe(customer, after)
        return customer


def _writer(incoming: Incoming) -> Shown:
    update, contact = incoming.update, incoming.contact
    profile = contact.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    return Shown(
        user_id=_user_id(update.get("from_user_id")) or _user_id(contact.get("user_id")),
        phone=_phone(update.get("from")) or _phone(contact.get("wa_id")),
        name=_text(profile.get("name"))[:LONGEST_NAME],
        username=_text(profile.get("username"))[:LONGEST_NAME],
    )


def _user_id(value: Value) -> str:
    found = _text(value)
    return found if len(found) <= LONGEST_USER_ID else ""


def _phone(value: Value) -> str:
    found = digits(_text(value))
    return found if len(found) <= LONGEST_PHONE else ""


def _text(value: Value) -> str:
    return value.strip() if isinstance(value, str) else ""
