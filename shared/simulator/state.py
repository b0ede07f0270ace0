"""The simulator's memory: records by key, what changed since it was last written, look-ups."""

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from shared.ports.clock import Clock
from shared.simulator import template_book
from shared.simulator.faults import Faults
from shared.simulator.identifiers import digits, mobile, sibling
from shared.simulator.limits import Throughput
from shared.simulator.records import (
    Callback,
    Chat,
    Customer,
    Delivery,
    Message,
    Number,
    Post,
    Step,
    Template,
)

POSTS_KEPT = 20_000

_KINDS: dict[str, type[Any]] = {
    "customer": Customer,
    "chat": Chat,
    "message": Message,
    "step": Step,
    "delivery": Delivery,
    "post": Post,
    "template": Template,
    "callback": Callback,
    "faults": Faults,
}


Record = Customer | Chat | Message | Step | Delivery | Post | Template | Callback | Faults


@dataclass(frozen=True, slots=True)
class Change:
    """A record that must be written, or deleted when `record` is None."""

    kind: str
    key: str
    record: Record | None


class State:
    """Everything that the simulator knows. Not safe for several threads at once."""

    def __init__(
        self,
        *,
        clock: Clock,
        chance: random.Random,
        numbers: Sequence[Number],
        account_id: str,
        messages_per_second: int = 80,
    ) -> None:
        """Start with the given numbers, the sample templates and nobody else."""
        self.clock = clock
        self.chance = chance
        self.account_id = account_id
        self.numbers = {number.id: number for number in numbers}
        self.throughput = {number.id: Throughput(messages_per_second) for number in numbers}
        self.customers: dict[str, Customer] = {}
        self.chats: dict[str, Chat] = {}
        self.messages: dict[str, Message] = {}
        self.lines: dict[str, list[Message]] = {}
        self.steps: dict[str, Step] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.posts: deque[Post] = deque()
        self.templates: dict[str, Template] = {}
        self.callbacks: dict[str, Callback] = {}
        self.faults = Faults()
        self._plain: dict[str, dict[str, Any]] = {
            "step": self.steps,
            "delivery": self.deliveries,
            "template": self.templates,
            "callback": self.callbacks,
        }
        self._phones: dict[str, str] = {}
        self._user_ids: dict[str, str] = {}
        self._former_ids: dict[str, str] = {}
        self._changed: dict[tuple[str, str], Record | None] = {}
        self._serial = 0
        for template in template_book.samples():
            self.put_template(template)

    @property
    def now_ms(self) -> int:
        """The time in milliseconds since 1970, UTC."""
        return self.clock.now_ms()

    def next_serial(self) -> int:
        """Return a whole number greater than every one before."""
        self._serial += 1
        return self._serial

    def touch(self, kind: str, key: str, record: Record | None) -> None:
        """Remember that a record changed; None means that it is gone."""
        self._changed[kind, key] = record

    def take_changes(self) -> list[Change]:
        """Return what changed since the last call, oldest first."""
        changes = [Change(kind, key, record) for (kind, key), record in self._changed.items()]
        self._changed = {}
        return changes

    def load(self, rows: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
        """Take the records of an earlier run: (kind, key, fields), in any order.

        Fields that this version doesn't know are dropped.
        """
        for kind, key, values in rows:
            kept = _KINDS.get(kind)
            if kept is None:
                continue
            known = {field.name for field in fields(kept)}
            self._take(kind, key, kept(**{name: value for name, value in values.items() if name in known}))
        self.posts = deque(sorted(self.posts, key=lambda post: post.seq))
        for line in self.lines.values():
            line.sort(key=lambda message: message.seq)
        self._changed = {}

    def _take(self, kind: str, key: str, record: Record) -> None:
        if isinstance(record, Customer):
            self.put_customer(record)
        elif isinstance(record, Chat):
            self.chats[key] = record
        elif isinstance(record, Message):
            self.put_message(record)
        elif isinstance(record, Faults):
            self.faults = record
        elif isinstance(record, Post):
            self.posts.append(record)
        else:
            self._plain[kind][key] = record
        used = getattr(record, "seq", getattr(record, "id", 0))
        self._serial = max(self._serial, used if isinstance(used, int) else 0)

    def put_customer(self, customer: Customer) -> None:
        """Store a customer and find it by phone and user id from now on."""
        self.customers[customer.id] = customer
        self._serial = max(self._serial, int(customer.id[1:]))
        if customer.phone:
            self._phones[customer.phone] = customer.id
        self._user_ids[customer.user_id] = customer.id
        self._former_ids.update(dict.fromkeys(customer.previous_user_ids, customer.id))
        self.touch("customer", customer.id, customer)

    def forget_phone(self, customer: Customer) -> None:
        """Stop finding a customer by its present phone."""
        self._phones.pop(customer.phone, None)

    def vacate(self, phone: str) -> None:
        """Take a phone away from whoever has it, as when it is given to somebody else."""
        holder = self.by_phone(phone)
        if holder is not None:
            self.forget_phone(holder)
            holder.phone = ""
            self.put_customer(holder)

    def free_phone(self) -> str:
        """Return a Brazilian mobile that nobody has."""
        while True:
            phone = mobile(self.chance)
            if self.by_phone(phone) is None:
                return phone

    def forget_user_id(self, customer: Customer) -> None:
        """Stop finding a customer by its present user id."""
        self._user_ids.pop(customer.user_id, None)

    def by_phone(self, phone: str) -> Customer | None:
        """Return who holds a phone, in either spelling of a Brazilian mobile."""
        number = digits(phone)
        found = self._phones.get(number) or self._phones.get(sibling(number))
        return self.customers[found] if found else None

    def by_user_id(self, user_id: str) -> Customer | None:
        """Return whose business-scoped user id this is now."""
        found = self._user_ids.get(user_id)
        return self.customers[found] if found else None

    def by_former_user_id(self, user_id: str) -> Customer | None:
        """Return whose business-scoped user id this was before a change of number."""
        found = self._former_ids.get(user_id)
        return self.customers[found] if found else None

    def customer(self, name: str) -> Customer | None:
        """Return a customer by our id, user id or phone."""
        return self.customers.get(name) or self.by_user_id(name) or self.by_phone(name)

    def chat(self, number_id: str, customer: Customer) -> Chat:
        """Return the chat of a customer with a number; it is made when there is none."""
        key = f"{number_id}:{customer.id}"
        chat = self.chats.get(key)
        if chat is None:
            chat = self.chats[key] = Chat(key=key, number_id=number_id, customer_id=customer.id)
            self.touch("chat", key, chat)
        return chat

    def put_message(self, message: Message) -> None:
        """Store a new message at the end of its chat."""
        self.messages[message.id] = message
        self.lines.setdefault(message.chat, []).append(message)
        self.touch("message", message.id, message)

    def put_template(self, template: Template) -> None:
        """Store a template, replacing the one of the same name and language."""
        key = template_book.key(template.name, template.language)
        template.id = template.id or str(self.chance.randrange(10**14, 10**15))
        self.templates[key] = template
        self.touch("template", key, template)

    def put_post(self, post: Post) -> None:
        """Journal a post; the oldest beyond `POSTS_KEPT` are forgotten."""
        self.posts.append(post)
        self.touch("post", str(post.seq), post)
        if len(self.posts) > POSTS_KEPT:
            gone = self.posts.popleft()
            self.touch("post", str(gone.seq), None)
