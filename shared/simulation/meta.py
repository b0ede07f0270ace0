"""A model of Meta: takes posts, delivers webhooks until they are answered, sends receipts.

It is the outside witness: its history tells what customers really got, and when.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.delivery import parse_callback
from shared.ports.graph import Accepted, Refused, SendOutcome, Unclear
from shared.simulation.scheduler import Scheduler

Webhook = Callable[[dict[str, Any], Callable[[bool], None]], None]
"""Delivers a payload; the callback is told whether it was answered 200."""

DAY_MS = 24 * 3600 * 1000
REFUSALS = (
    (131016, 500),
    (130429, 429),
    (130429, 400),
    (131056, 400),
    (131026, 400),
    (190, 401),
    (131048, 400),
)


@dataclass(slots=True)
class Human:
    """A customer, with the identifiers of this moment and all that they wrote."""

    name: str
    phone: str
    bsuid: str
    hidden: bool = False
    legacy: bool = False
    """Webhooks of before user ids: the phone alone."""
    always_shown: bool = True
    """The user id was shown in everything that they wrote."""
    opened_ms: dict[str, int] = field(default_factory=dict)
    """When the window with a number was opened last."""


@dataclass(frozen=True, slots=True)
class Written:
    """Something that a human wrote."""

    human: str
    number: str
    wamid: str
    kind: str
    token: str
    at_ms: int
    opens: bool


@dataclass(slots=True)
class Post:
    """A post that reached Meta, or was lost on the way."""

    at_ms: int
    number: str
    address: str
    text: str
    message: str
    attempt: int
    accepted: bool
    told: str
    """What our side learned: accepted, refused or unclear."""
    human: str = ""
    wamid: str = ""
    window_open: bool = True
    code: int | None = None


@dataclass(slots=True)
class MetaFaults:
    """What Meta and the way to it do wrong, per post or webhook."""

    refuse: float = 0.0
    lose_request: float = 0.0
    lose_answer: float = 0.0
    drop_receipts: float = 0.0
    fail_later: float = 0.0
    receipt_delay_ms: int = 3_000
    webhook_delay_ms: int = 500


class Meta:
    """The other side of the wire."""

    def __init__(self, scheduler: Scheduler, faults: MetaFaults, webhook: Webhook) -> None:
        """Talk to one installation."""
        self.faults = faults
        self.humans: dict[str, Human] = {}
        self.written: list[Written] = []
        self.posts: list[Post] = []
        self.orphans: list[tuple[str, str]] = []
        """Receipts for messages of nobody: Meta's id and the number."""
        self.undelivered = 0
        self._scheduler = scheduler
        self._webhook = webhook
        self._count = 0

    def wamid(self) -> str:
        """Return a fresh Meta id."""
        self._count += 1
        return f"wamid.{self._count:06d}"

    def write(
        self, human: Human, number: str, *, kind: str = "text", late_ms: int = 0, token: str = ""
    ) -> Written:
        """Let a human write; the webhook comes as Meta does it, maybe doubled and late."""
        rng, now_ms = self._scheduler.rng, self._scheduler.now_ms
        written = Written(
            human.name,
            number,
            self.wamid(),
            kind,
            token or f"[{len(self.written)}]",
            now_ms - late_ms,
            opens=kind not in ("reaction", "request_welcome"),
        )
        self.written.append(written)
        if written.opens:
            human.opened_ms[number] = max(human.opened_ms.get(number, 0), now_ms - late_ms)
        update = self._message(human, written)
        value = self._value(number, human, {"messages": [update]})
        self.deliver("messages", value, delay_ms=rng.randrange(self.faults.webhook_delay_ms + 1))
        return written

    def system(self, human: Human, number: str, before: Mapping[str, str]) -> None:
        """Tell of a changed number or user id."""
        kind = "user_changed_user_id" if human.hidden else "user_changed_number"
        system = {"type": kind, "user_id": human.bsuid, "previous_user_id": before["bsuid"]}
        message: dict[str, Any] = {"id": self.wamid(), "type": "system", "system": system}
        message["timestamp"] = str(self._scheduler.now_ms // 1000)
        message["from_user_id"] = before["bsuid"]
        if not human.hidden:
            system["wa_id"] = human.phone
            message["from"] = before["phone"]
        self.deliver("messages", self._metadata(number) | {"messages": [message]}, delay_ms=0)

    def echo(self, human: Human, number: str, text: str) -> None:
        """Tell of a message that a person typed on the business's own phone."""
        echo = {
            "from": number,
            "to": human.phone,
            "to_user_id": human.bsuid,
            "id": self.wamid(),
            "timestamp": str(self._scheduler.now_ms // 1000),
            "type": "text",
            "text": {"body": text},
        }
        if human.hidden:
            del echo["to"]
        value = self._metadata(number) | {"message_echoes": [echo]}
        self.deliver("smb_message_echoes", value, delay_ms=0)

    def orphan(self, number: str) -> None:
        """Send a receipt for a message that nobody here sent."""
        self._count += 1
        status = {
            "id": f"wamid.orphan.{self._count}",
            "status": "delivered",
            "timestamp": str(self._scheduler.now_ms // 1000),
        }
        if self._scheduler.chance(0.5):
            status["biz_opaque_callback_data"] = f"atende:nobodys{self._count}:1"
        self.orphans.append((status["id"], number))
        self.deliver("messages", self._metadata(number) | {"statuses": [status]}, delay_ms=0)

    def deliver(self, change_field: str, value: dict[str, Any], *, delay_ms: int) -> None:
        """Deliver a change until it is answered 200, and sometimes once more."""
        payload = {
            "object": "whatsapp_business_account",
            "entry": [{"id": "waba", "changes": [{"field": change_field, "value": value}]}],
        }
        self.undelivered += 1
        self._scheduler.after(delay_ms, lambda: self._attempt(payload, 1))
        if self._scheduler.chance(self._scheduler.faults.duplicate):
            late_ms = self._scheduler.rng.choice((0, 40, 2_000, 30_000))
            self.undelivered += 1
            self._scheduler.after(delay_ms + late_ms, lambda: self._attempt(payload, 1))

    def post(self, number: str, body: Mapping[str, Any]) -> SendOutcome:
        """Take a post as the Graph API would, with what may go wrong on the way."""
        post = self._read(number, body)
        self.posts.append(post)
        if self._scheduler.chance(self.faults.lose_request):
            return Unclear("connection lost before the answer")
        if not post.window_open:
            return self._refuse(post, 131047, 400)
        if self._scheduler.chance(self.faults.refuse):
            return self._refuse(post, *self._scheduler.rng.choice(REFUSALS))
        post.accepted, post.wamid = True, self.wamid()
        self._receipts(post, body)
        if self._scheduler.chance(self.faults.lose_answer):
            return Unclear("connection lost after the post")
        post.told = "accepted"
        return Accepted(post.wamid)

    def _refuse(self, post: Post, code: int, status: int) -> SendOutcome:
        if self._scheduler.chance(0.2):
            post.told = "refused"
            return Refused(None, None, "connection refused")
        post.told, post.code = "refused", code
        return Refused(code, status, "refused")

    def _read(self, number: str, body: Mapping[str, Any]) -> Post:
        address = str(body.get("to") or body.get("recipient"))
        message, attempt = parse_callback(body["biz_opaque_callback_data"]) or ("", 0)
        now_ms = self._scheduler.now_ms
        text = str(body["text"]["body"])
        post = Post(now_ms, number, address, text, message, attempt, accepted=False, told="unclear")
        for human in self.humans.values():
            if address in (human.phone, human.bsuid):
                post.human = human.name
                post.window_open = now_ms < human.opened_ms.get(number, 0) + DAY_MS
        return post

    def _receipts(self, post: Post, body: Mapping[str, Any]) -> None:
        names = ["sent", "delivered", "read"]
        if self._scheduler.chance(self.faults.fail_later):
            names = ["failed"]
        for name in names:
            if self._scheduler.chance(self.faults.drop_receipts):
                continue
            status: dict[str, Any] = {
                "id": post.wamid,
                "status": name,
                "timestamp": str(self._scheduler.now_ms // 1000),
                "biz_opaque_callback_data": body["biz_opaque_callback_data"],
            }
            if name == "failed":
                status["errors"] = [{"code": 131026, "title": "undeliverable"}]
            delay_ms = self._scheduler.rng.randrange(self.faults.receipt_delay_ms + 1)
            value = self._metadata(post.number) | {"statuses": [status]}
            self.deliver("messages", value, delay_ms=delay_ms)

    def _attempt(self, payload: dict[str, Any], attempt: int) -> None:
        def answered(ok: bool) -> None:
            if ok:
                self.undelivered -= 1
                return
            wait_ms = min(1000 * 2**attempt, 600_000)
            self._scheduler.after(wait_ms, lambda: self._attempt(payload, attempt + 1))

        self._webhook(payload, answered)

    def _message(self, human: Human, written: Written) -> dict[str, Any]:
        message: dict[str, Any] = {
            "id": written.wamid,
            "timestamp": str(written.at_ms // 1000),
            "type": written.kind,
            "from": human.phone,
            "from_user_id": human.bsuid,
        }
        if human.hidden:
            del message["from"]
        if human.legacy:
            del message["from_user_id"]
        bodies = {
            "text": {"body": written.token},
            "reaction": {"message_id": "x", "emoji": "👍"},
            "audio": {"id": "1", "mime_type": "audio/ogg"},
        }
        message[written.kind] = bodies.get(written.kind, {"any": written.token})
        return message

    def _value(self, number: str, human: Human, more: dict[str, Any]) -> dict[str, Any]:
        contact: dict[str, Any] = {"profile": {"name": human.name}}
        if not human.hidden:
            contact["wa_id"] = human.phone
        if not human.legacy:
            contact["user_id"] = human.bsuid
        return self._metadata(number) | {"contacts": [contact]} | more

    @staticmethod
    def _metadata(number: str) -> dict[str, Any]:
        metadata = {"display_phone_number": number, "phone_number_id": number}
        return {"messaging_product": "whatsapp", "metadata": metadata}
