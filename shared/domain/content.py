"""What one raw message from Meta says: its kind, what is readable of it, and what it asks of us.

Every value inside a raw message may be of any type, or missing. Nothing here ever raises.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"
"""The kind of a message whose `type` is missing or not a string."""

READABLE_LIMIT = 65_536
"""The most characters kept as readable text; the raw message keeps the rest."""

_SILENT = frozenset({"reaction", "edit", "revoke", "system", "request_welcome"})
_MEDIA = frozenset({"image", "audio", "video", "document", "sticker"})
_NOT_A_NAME = re.compile(r"[^\w.\- ]")
_KIND_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Content:
    """One incoming message, read.

    `kind` is Meta's `type`, made safe to show. `text` is what a person could read in it, empty
    when there is nothing. `understood` is False while we can't tell what it says: media, what
    Meta itself can't pass on, kinds that we don't know, and bodies in an unexpected shape. Of
    those, all but media have `known` False, and their raw message is to be kept visibly.
    `opens_turn` tells whether the agent owes an answer. `reply_to` is Meta's id of the message
    that this one quotes or belongs to, or None.
    """

    kind: str
    text: str
    understood: bool
    opens_turn: bool
    known: bool
    reply_to: str | None


def read(message: object) -> Content:
    """Read one element of Meta's `messages`, whatever its shape."""
    raw = _mapping(message)
    kind = _kind(raw.get("type"))
    reader = _READERS.get(kind)
    body = raw.get(kind)
    in_shape = kind in _BODILESS or isinstance(body, list if kind == "contacts" else Mapping)
    text = reader(body) if reader and in_shape else ""
    known = reader is not None and in_shape and (bool(text) or kind not in _NEVER_BLANK)
    return Content(
        kind=kind,
        text=_storable(text),
        understood=known and kind not in _MEDIA,
        opens_turn=kind not in _SILENT,
        known=known,
        reply_to=_reply_to(raw),
    )


def _kind(value: object) -> str:
    name = _string(value)[:_KIND_LIMIT].strip()
    return _NOT_A_NAME.sub("_", name) if name else UNKNOWN


def _reply_to(raw: Mapping[str, Any]) -> str | None:
    reference = _mapping(raw.get("context")).get("id")
    return _storable(reference) if isinstance(reference, str) and reference else None


def _text(body: object) -> str:
    return _string(_mapping(body).get("body"))


def _caption(body: object) -> str:
    return _string(_mapping(body).get("caption"))


def _nothing(_: object) -> str:
    return ""


def _location(body: object) -> str:
    place = _mapping(body)
    named = _lines(_string(place.get("name")), _string(place.get("address")))
    return named or ", ".join(filter(None, (_scalar(place.get(axis)) for axis in ("latitude", "longitude"))))


def _contacts(body: object) -> str:
    return _lines(*(_contact(card) for card in _list(body)))


def _contact(card: object) -> str:
    """Tell whose card it is; one sent by the "share contact" button may have only a phone."""
    name = _mapping(_mapping(card).get("name"))
    formatted = _string(name.get("formatted_name"))
    parts = " ".join(filter(None, (_string(name.get(part)) for part in ("first_name", "last_name"))))
    phones = ", ".join(_string(_mapping(phone).get("phone")) for phone in _list(_mapping(card).get("phones")))
    return formatted or parts or phones


def _button(body: object) -> str:
    button = _mapping(body)
    return _string(button.get("text")) or _string(button.get("payload"))


def _interactive(body: object) -> str:
    """Read the part that `type` names, else whichever of those we know is there."""
    parts = _mapping(body)
    named = _string(parts.get("type"))
    for name in (named, *_REPLIES):
        if name in _REPLIES and isinstance(parts.get(name), Mapping):
            return _REPLIES[name](parts[name])
    return ""


def _choice(reply: Mapping[str, Any]) -> str:
    return _string(reply.get("title"))


def _form(reply: Mapping[str, Any]) -> str:
    """Read a filled-in form: what was answered, one field per line."""
    return _lines(_string(reply.get("body")), *_answers(_string(reply.get("response_json"))))


def _answers(response: str) -> Iterator[str]:
    try:
        fields = json.loads(response)
    except (ValueError, RecursionError):
        return
    for name, value in _mapping(fields).items():
        if name != "flow_token" and _scalar(value):
            yield f"{name}: {_scalar(value)}"


def _permission(reply: Mapping[str, Any]) -> str:
    return _string(reply.get("response"))


def _order(body: object) -> str:
    order = _mapping(body)
    items = (_mapping(item) for item in _list(order.get("product_items")))
    wanted = (
        f"{_scalar(item.get('quantity')) or '?'} x {_scalar(item.get('product_retailer_id')) or '?'}"
        for item in items
    )
    return _lines(_string(order.get("text")), *wanted)


def _emoji(body: object) -> str:
    return _string(_mapping(body).get("emoji"))


def _edited(body: object) -> str:
    """Read the new version; only a text or a caption can be edited."""
    message = _mapping(_mapping(body).get("message"))
    inner = message.get(_kind(message.get("type")))
    return _text(inner) or _caption(inner)


_REPLIES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "button_reply": _choice,
    "list_reply": _choice,
    "nfm_reply": _form,
    "call_permission_reply": _permission,
}

# Every kind that we know, and how to read the object of the same name beside `type`.
_READERS: Mapping[str, Callable[[object], str]] = {
    "text": _text,
    "image": _caption,
    "audio": _nothing,
    "video": _caption,
    "document": _caption,
    "sticker": _nothing,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "reaction": _emoji,
    "edit": _edited,
    "revoke": _nothing,
    "system": _text,
    "request_welcome": _nothing,
}
_BODILESS = frozenset({"request_welcome"})
# Without readable text these are broken, or of a sub-kind that we don't know.
_NEVER_BLANK = frozenset({"text", "location", "contacts", "interactive", "button", "order", "edit"})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _scalar(value: object) -> str:
    """Show a string or a number that is short enough to be one; Python refuses to print huge ones."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18):
        return str(value)
    return ""


def _lines(*parts: str) -> str:
    return "\n".join(filter(None, parts))


def _storable(text: str) -> str:
    """Cut what is too long, and replace lone surrogates, which no encoding can store."""
    return text[:READABLE_LIMIT].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
