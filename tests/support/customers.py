"""What customers write, in the shape in which Meta delivers it."""

import itertools
import time
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

ACCOUNT = "102290129340398"
_COUNT = itertools.count(1)
_STARTED = time.time_ns()


def fresh_wamid() -> str:
    """Return an id that Meta could have given, another one at each call and in each run."""
    return f"wamid.in.{_STARTED}.{next(_COUNT)}"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with WhatsApp, as the business sees them; no phone means that it is hidden."""

    phone: str | None = None
    user_id: str | None = None
    name: str = "Ana"
    parent: str | None = None

    @property
    def person(self) -> str:
        """How the API and the Graph server name them."""
        found = self.phone or self.user_id
        assert found is not None
        return found

    def contact(self) -> Json:
        """Return the element of `contacts`."""
        told = {"wa_id": self.phone, "user_id": self.user_id, "parent_user_id": self.parent}
        return {"profile": {"name": self.name}} | {key: value for key, value in told.items() if value}

    def writes(self, kind: str, content: Any = None, **more: Any) -> Json:
        """Return an element of `messages`; `more` adds to it or replaces its keys."""
        told = {"from": self.phone, "from_user_id": self.user_id, "from_parent_user_id": self.parent}
        update: Json = {key: value for key, value in told.items() if value}
        update |= {"id": fresh_wamid(), "timestamp": str(int(time.time())), "type": kind}
        if content is not None:
            update[kind] = content
        return update | more

    def says(self, text: str, **more: Any) -> Json:
        """Return a text message."""
        return self.writes("text", {"body": text}, **more)


def somebody(name: str = "Ana", *, hidden: bool = False) -> Customer:
    """Return a customer of whom nobody has heard before in this run."""
    count = next(_COUNT)
    return Customer(None if hidden else f"55119{9_000_0000 + count:08}", f"BR.9{count:011}", name)


def change(number: str, *, field: str = "messages", **lists: list[Any]) -> Json:
    """Return an element of `changes`."""
    metadata = {"display_phone_number": "5511" + number, "phone_number_id": number}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **lists}
    return {"field": field, "value": value}


def payload(*changes: Json) -> Json:
    """Return the body of a webhook call."""
    return {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": list(changes)}]}


def batch(number: str, customer: Customer, *updates: Json) -> Json:
    """Return the body that brings some messages of one customer."""
    return payload(change(number, contacts=[customer.contact()], messages=list(updates)))
