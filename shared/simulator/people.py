"""Customers and what they do: come, write, look at the chat, hide or change their number."""

from collections.abc import Mapping
from typing import Any

from shared.simulator import identifiers, inbound, payloads
from shared.simulator.agenda import Agenda
from shared.simulator.limits import WINDOW_MS
from shared.simulator.mistakes import Mistake
from shared.simulator.recording import apply, record
from shared.simulator.records import Chat, Customer, Json
from shared.simulator.state import State
from shared.simulator.webhook_queue import WebhookQueue

READS = ("page", "auto", "never")


class People:
    """The customers' side of a state."""

    def __init__(self, state: State, webhooks: WebhookQueue, agenda: Agenda) -> None:
        """Work on this state; webhooks and receipts go through the other two."""
        self._state = state
        self._webhooks = webhooks
        self._agenda = agenda

    def create(self, given: Mapping[str, Any]) -> Customer:
        """Make a customer from `name`, `phone`, `username`, `hidden`, `reads`, `user_id`.

        Everything may be left out. With `recycle` the phone is taken from whoever has it.

        Raises:
            Mistake: A value is wrong, or the phone or user id is somebody else's.
        """
        phone = self._free_phone(given.get("phone"), recycle=given.get("recycle") is True)
        serial = self._state.next_serial()
        user_id = given.get("user_id") or identifiers.user_id(self._state.chance, phone)
        if not isinstance(user_id, str) or self._state.by_user_id(user_id):
            raise Mistake("user_id must be a string that nobody has")
        customer = Customer(
            id=f"c{serial}",
            name=f"Cliente {serial}",
            phone=phone,
            user_id=user_id,
            created_ms=self._state.now_ms,
        )
        self.change(customer, {key: given[key] for key in _CHANGEABLE if key in given})
        return customer

    def change(self, customer: Customer, given: Mapping[str, Any]) -> None:
        """Change `name`, `username`, `hidden` or `reads`; hiding needs a username, so it makes one.

        Raises:
            Mistake: A value is wrong; nothing changed.
        """
        for key, value in given.items():
            if key not in _CHANGEABLE or not isinstance(value, bool if key == "hidden" else str):
                raise Mistake(f"{key[:40]} can't be changed to this")
        if given.get("reads", customer.reads) not in READS:
            raise Mistake(f"reads must be one of {', '.join(READS)}")
        for key, value in given.items():
            setattr(customer, key, value)
        if customer.hidden and not customer.username:
            customer.username = f"cliente.{customer.id}"
        self._state.put_customer(customer)

    def _free_phone(self, wanted: object, *, recycle: bool) -> str:
        if wanted in (None, ""):
            return self._state.free_phone()
        phone = identifiers.digits(wanted) if isinstance(wanted, str) else ""
        if not 8 <= len(phone) <= 15:
            raise Mistake("phone must hold 8 to 15 digits, country code first")
        if not recycle and self._state.by_phone(phone) is not None:
            raise Mistake("somebody has this phone already")
        self._state.vacate(phone)
        return phone

    def change_number(self, customer: Customer, given: Mapping[str, Any]) -> list[str]:
        """Move a customer to another phone (`phone`, else a new one) and with it to a new user id.

        Every number that has a chat with it gets a system message; their ids are returned.

        Raises:
            Mistake: The phone is wrong or somebody else's.
        """
        phone = self._free_phone(given.get("phone"), recycle=given.get("recycle") is True)
        old_phone, old_user_id = customer.phone, customer.user_id
        old_sender = payloads.sender(customer)
        self._state.forget_phone(customer)
        self._state.forget_user_id(customer)
        customer.phone = phone
        customer.user_id = identifiers.user_id(self._state.chance, phone)
        customer.previous_user_ids.append(old_user_id)
        customer.guessed = False
        self._state.put_customer(customer)
        changed: Json = {"user_id": customer.user_id, "previous_user_id": old_user_id}
        if customer.hidden:
            old, new, kind = old_user_id, customer.user_id, "user_changed_user_id"
        else:
            old, new, kind = old_phone, phone, "user_changed_number"
            changed["wa_id"] = phone
        body = f"User {customer.name} changed from {old} to {new}"
        content = {"type": kind, "body": body, **changed}
        chats = [chat for chat in self._state.chats.values() if chat.customer_id == customer.id]
        return [
            self._system(chat, customer, {**old_sender, "type": "system", "system": content})
            for chat in chats
        ]

    def _system(self, chat: Chat, customer: Customer, keys: Json) -> str:
        now_ms = self._state.now_ms
        wamid = identifiers.wamid(self._state.chance, customer.user_id, incoming=True)
        message = {**keys, "id": wamid, "timestamp": str(now_ms // 1000)}
        record(self._state, chat, message, at_ms=now_ms)
        number = self._state.numbers.get(chat.number_id)
        if number is not None:
            self._webhooks.enqueue(chat.number_id, payloads.system(number, message), messages=[wamid])
        return wamid

    def send(self, customer: Customer, number_id: str, kind: str, given: Mapping[str, Any]) -> str:
        """Let a customer write to a number; returns Meta's id of the message.

        `given` holds the kind's arguments, and for every kind `reply_to` (a message id),
        `forwarded`, and `timestamp_ms` (now when it is left out). The kind `raw` takes
        `message`: its keys replace ours, those that are None are left out.

        Raises:
            Mistake: Unknown number or kind, or wrong arguments.
        """
        number = self._state.numbers.get(number_id)
        if number is None:
            raise Mistake("unknown number")
        at_ms = given.get("timestamp_ms", self._state.now_ms)
        if isinstance(at_ms, bool) or not isinstance(at_ms, int):
            raise Mistake("timestamp_ms must be a whole number")
        who = customer.user_id if customer.hidden else customer.phone
        message: Json = {
            **payloads.sender(customer),
            "id": identifiers.wamid(self._state.chance, who, incoming=True),
            "timestamp": str(at_ms // 1000),
            **_context(number.display, given),
            **inbound.compose(kind, given),
        }
        message = {key: value for key, value in message.items() if value is not None}
        wamid = message.get("id")
        wamid = wamid if isinstance(wamid, str) else ""
        if wamid in self._state.messages:
            raise Mistake("there is a message with this id already")
        chat = self._state.chat(number_id, customer)
        chat.last_in_ms = max(chat.last_in_ms, min(at_ms, self._state.now_ms))
        self._state.touch("chat", chat.key, chat)
        self._state.throughput[number_id].note(self._state.now_ms)
        if customer.guessed:
            customer.guessed = False
            self._state.put_customer(customer)
        if wamid:
            record(self._state, chat, message, at_ms=at_ms)
        else:
            apply(self._state, message)
        change = payloads.incoming(number, customer, message)
        self._webhooks.enqueue(number_id, change, messages=[wamid])
        return wamid

    def look(self, customer: Customer, number_id: str, *, until_ms: int) -> None:
        """Let a customer look at a chat until then; what was delivered is read. 0 looks away."""
        chat = self._state.chat(number_id, customer)
        chat.open_until_ms = until_ms
        self._state.touch("chat", chat.key, chat)
        if until_ms > self._state.now_ms:
            self._agenda.read_all(chat)

    def close_window(self, customer: Customer, number_id: str) -> None:
        """Put a customer's last message so far back that only templates may go."""
        chat = self._state.chat(number_id, customer)
        chat.last_in_ms = min(chat.last_in_ms, self._state.now_ms - WINDOW_MS - 1000)
        self._state.touch("chat", chat.key, chat)


_CHANGEABLE = ("name", "username", "hidden", "reads")


def _context(display: str, given: Mapping[str, Any]) -> Json:
    context: Json = {}
    if isinstance(given.get("reply_to"), str) and given["reply_to"]:
        context = {"from": display, "id": given["reply_to"]}
    if given.get("forwarded") is True:
        context["forwarded"] = True
    return {"context": context} if context else {}
