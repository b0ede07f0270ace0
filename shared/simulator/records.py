"""What the simulator remembers: plain records, each stored as one JSON object."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

Value = Any
"""A JSON value of any shape: what arrives is checked where it is used."""

NEVER_MS = 2**62
"""A time that does not come."""


@dataclass(slots=True)
class Number:
    """A business number; `id` is what Graph paths carry, `display` its digits."""

    id: str
    display: str
    name: str


@dataclass(slots=True)
class Customer:
    """A person with a phone.

    `phone` is empty for somebody who lost it to a new holder. `reads` tells when messages
    are read: `page` while the chat is open, `auto` shortly after delivery, `never`. With
    `guessed` the user id is ours: only the phone was ever shown.
    """

    id: str
    name: str
    phone: str
    user_id: str
    username: str = ""
    hidden: bool = False
    reads: str = "page"
    created_ms: int = 0
    previous_user_ids: list[str] = field(default_factory=list)
    guessed: bool = False


@dataclass(slots=True)
class Chat:
    """One customer and one business number.

    `last_in_ms` opens the service window, `open_until_ms` is how long the customer looks at
    the chat, `pair_tokens` at `pair_at_ms` is what the pair rate leaves.
    """

    key: str
    number_id: str
    customer_id: str
    last_in_ms: int = 0
    open_until_ms: int = 0
    unread: int = 0
    typing_until_ms: int = 0
    pair_tokens: float = 45.0
    pair_at_ms: int = 0
    seen_seq: int = 0
    answered_seq: int = 0


@dataclass(slots=True)
class Message:
    """One message; `direction` is the business's view: `in` was written by the customer.

    `status` of an outgoing one is accepted, sent, delivered, read or failed; of an incoming
    one sent (webhook pending), delivered (webhook answered with 200) or read.
    """

    id: str
    chat: str
    seq: int
    direction: str
    kind: str
    content: Any
    at_ms: int
    status: str
    text: str = ""
    times: dict[str, int] = field(default_factory=dict)
    context_id: str = ""
    opaque: str | None = None
    by_phone: bool = True
    category: str = "service"
    error_code: int = 0
    edited: bool = False
    reactions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Step:
    """Something that happens to a message later: its receipt `status` at `at_ms`."""

    id: int
    at_ms: int
    message_id: str
    status: str


@dataclass(slots=True)
class Delivery:
    """A webhook that was not answered with 200 yet.

    `change` is one element of `entry[].changes`; `body` replaces the whole envelope when it
    is not None. `messages` are the incoming messages that it carries.
    """

    id: int
    number_id: str
    at_ms: int
    first_ms: int
    attempts: int = 0
    change: Json | None = None
    body: Any = None
    messages: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Post:
    """One request to `/messages` and what became of it, for whoever counts.

    `outcome` is accepted, refused or lost (cut before it was taken).
    """

    seq: int
    at_ms: int
    number_id: str
    body: Any
    status: int
    code: int = 0
    outcome: str = "accepted"
    cut: bool = False
    message_id: str = ""
    customer_id: str = ""


@dataclass(slots=True)
class Template:
    """A message template; `body` and `header` hold `{{1}}` or `{{name}}` placeholders."""

    name: str
    language: str
    category: str
    status: str
    body: str
    header: str = ""
    footer: str = ""
    id: str = ""
    url_parameters: int = 0
    buttons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Callback:
    """Where webhooks go instead of the default; `key` is a number's or an account's id."""

    key: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What Graph answers; with `cut` nothing is answered and the connection is closed."""

    status: int
    body: Json
    cut: bool = False
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One webhook request to make now; tell `webhook_result` with the same `ids`."""

    ids: tuple[int, ...]
    url: str
    body: bytes
