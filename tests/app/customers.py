"""People who write to an installation, and what Meta says about them and to them."""

from dataclasses import dataclass
from typing import Any

from shared.app.intake import split
from shared.ports.bus import Event
from tests.support.installation import SECOND, START_MS, Installation, Post

Raw = dict[str, Any]


def deliver(
    installation: Installation, value: Raw, *, number: str = "1001", field_name: str = "messages"
) -> None:
    """Let Meta deliver one change, by the way that every change takes, and handle it at once."""
    for topic, event in events_of(installation, value, number=number, field_name=field_name):
        installation.take(topic, event)


def events_of(
    installation: Installation, value: Raw, *, number: str = "1001", field_name: str = "messages"
) -> list[tuple[str, Event]]:
    metadata = {"display_phone_number": number, "phone_number_id": number}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "waba", "changes": [{"field": field_name, "value": whole}]}
    payload = {"object": "whatsapp_business_account", "entry": [entry]}
    topics = split(payload, received_ms=installation.clock.ms)
    return [(topic, event) for topic, events in topics.items() for event in events]


@dataclass
class Customer:
    """One human, with the identifiers that Meta shows at the moment."""

    installation: Installation
    phone: str | None = "5511987654321"
    bsuid: str | None = "BR.1"
    parent: str | None = None
    name: str = "Ana"

    def writes(self, text: str = "oi", **more: Any) -> str:
        """Write a text, delivered at once; returns Meta's id of it."""
        return self.sends("text", {"body": text}, **more)

    def sends(
        self,
        kind: str,
        body: Any,
        *,
        wamid: str = "",
        at_ms: int | None = None,
        number: str = "1001",
        times: int = 1,
    ) -> str:
        """Send a message of any kind, delivered `times` times."""
        wamid = wamid or self.new_wamid()
        at_ms = self.installation.clock.ms if at_ms is None else at_ms
        update: Raw = {"id": wamid, "timestamp": str(at_ms // 1000), "type": kind, kind: body}
        value = {"contacts": [self.contact()], "messages": [update | self.sender()]}
        for _ in range(times):
            deliver(self.installation, value, number=number)
        return wamid

    def publishes(self, text: str) -> None:
        """Write a text that the bus delivers, again and again until it was handled."""
        at_ms = self.installation.clock.ms
        update: Raw = {"id": self.new_wamid(), "timestamp": str(at_ms // 1000), "type": "text"}
        update |= {"text": {"body": text}} | self.sender()
        for topic, event in events_of(self.installation, {"messages": [update]}):
            self.installation.bus.publish(topic, [event])

    def new_wamid(self) -> str:
        self.installation.written += 1
        return f"wamid.in.{self.installation.written}"

    def sender(self) -> Raw:
        found = {"from": self.phone, "from_user_id": self.bsuid, "from_parent_user_id": self.parent}
        return {name: value for name, value in found.items() if value}

    def contact(self) -> Raw:
        found = {"wa_id": self.phone, "user_id": self.bsuid, "parent_user_id": self.parent}
        return {"profile": {"name": self.name}} | {name: value for name, value in found.items() if value}

    def changes(
        self,
        *,
        phone: str | None,
        bsuid: str | None,
        kind: str = "user_changed_number",
        at_ms: int | None = None,
        deliver_now: bool = True,
    ) -> Raw:
        """Move to another phone or user id; returns Meta's message about it."""
        at_ms = self.installation.clock.ms if at_ms is None else at_ms
        system: Raw = {"type": kind, "body": "changed", "previous_user_id": self.bsuid}
        system |= {"wa_id": phone} if phone else {}
        system |= {"user_id": bsuid} if bsuid else {}
        update: Raw = {"id": self.new_wamid(), "timestamp": str(at_ms // 1000), "type": "system"}
        update |= {"system": system} | self.sender()
        self.phone, self.bsuid = phone, bsuid
        if deliver_now:
            deliver(self.installation, {"messages": [update]})
        return update

    @property
    def identifier(self) -> str:
        return self.bsuid or self.phone or ""


def echo(
    customer: Customer, text: str = "aqui é a loja", *, at_ms: int | None = None, wamid: str = "wamid.echo"
) -> None:
    """Let somebody type on the business's own phone."""
    installation = customer.installation
    at_ms = installation.clock.ms if at_ms is None else at_ms
    update: Raw = {
        "from": "551130000000",
        "id": wamid,
        "timestamp": str(at_ms // 1000),
        "type": "text",
        "text": {"body": text},
    }
    update |= {"to": customer.phone} if customer.phone else {}
    update |= {"to_user_id": customer.bsuid} if customer.bsuid else {}
    deliver(installation, {"message_echoes": [update]}, field_name="smb_message_echoes")


def receipt(
    installation: Installation,
    post: Post,
    status: str,
    *,
    wamid: str = "wamid.out.1",
    code: int = 131026,
    ours: bool = True,
    times: int = 1,
) -> None:
    """Let Meta tell what became of a post."""
    update: Raw = {"id": wamid, "status": status, "timestamp": str(installation.clock.ms // SECOND)}
    if ours:
        update["biz_opaque_callback_data"] = post.callback
    if status == "failed":
        update["errors"] = [{"code": code, "title": "failed"}]
    for _ in range(times):
        deliver(installation, {"statuses": [update]}, number=post.number)


def outgoing(installation: Installation, identifier: str) -> list[Raw]:
    """List a conversation's outgoing messages as the API shows them."""
    return [m for m in installation.view(identifier)["messages"] if m["direction"] == "out"]


def states(installation: Installation, identifier: str) -> list[tuple[str, str]]:
    """List state and reason of what was written to a person."""
    return [(m["state"], m["reason"]) for m in outgoing(installation, identifier)]


def seconds(at_ms: int) -> float:
    """Tell how long after the start something was."""
    return (at_ms - START_MS) / SECOND
