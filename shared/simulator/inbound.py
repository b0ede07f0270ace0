"""What a customer can send, as the keys of one element of `messages[]`."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.simulator.graph_errors import webhook_error
from shared.simulator.mistakes import Mistake
from shared.simulator.records import Json

_MIME = {
    "image": "image/jpeg",
    "audio": "audio/ogg; codecs=opus",
    "video": "video/mp4",
    "document": "application/pdf",
    "sticker": "image/webp",
}
_EMPTY_SHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def compose(kind: str, given: Mapping[str, Any]) -> Json:
    """Return `type` and content keys for a kind and its arguments.

    Raises:
        Mistake: The kind is unknown or an argument is missing or of the wrong type.
    """
    if kind in _MIME:
        return {"type": kind, kind: _media(kind, given)}
    make = _MAKERS.get(kind)
    if make is None:
        raise Mistake(f"unknown kind {kind[:40]}; one of {', '.join(kinds())}")
    return make(given)


def kinds() -> list[str]:
    """Return the kinds that `compose` knows."""
    return sorted([*_MIME, *_MAKERS])


def _string(given: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise Mistake(f"{name} must be a string")
    return value


def _some(given: Mapping[str, Any], *names: str) -> Json:
    return {name: given[name] for name in names if given.get(name) not in (None, "")}


def _media(kind: str, given: Mapping[str, Any]) -> Json:
    media: Json = {
        "id": _string(given, "media_id", "1000000000000001"),
        "mime_type": _string(given, "mime_type", _MIME[kind]),
        "sha256": _string(given, "sha256", _EMPTY_SHA256),
        **_some(given, "caption", "url"),
    }
    if kind == "audio":
        media["voice"] = bool(given.get("voice", True))
    if kind == "document":
        media["filename"] = _string(given, "filename", "documento.pdf")
    if kind == "sticker":
        media["animated"] = bool(given.get("animated", False))
    return media


def _text(given: Mapping[str, Any]) -> Json:
    body = _string(given, "text")
    if not body.strip() or len(body) > 65_536:
        raise Mistake("text must hold 1 to 65536 characters")
    return {"type": "text", "text": {"body": body}}


def _location(given: Mapping[str, Any]) -> Json:
    place: Json = {}
    for name in ("latitude", "longitude"):
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Mistake(f"{name} must be a number")
        place[name] = value
    return {"type": "location", "location": {**place, **_some(given, "name", "address", "url")}}


def _contacts(given: Mapping[str, Any]) -> Json:
    people = given.get("contacts")
    if not isinstance(people, list) or not people:
        raise Mistake("contacts must be a list")
    return {"type": "contacts", "contacts": people}


def _reaction(given: Mapping[str, Any]) -> Json:
    reaction = {"message_id": _string(given, "message_id"), **_some(given, "emoji")}
    return {"type": "reaction", "reaction": reaction}


def _button(given: Mapping[str, Any]) -> Json:
    text = _string(given, "text")
    return {"type": "button", "button": {"payload": _string(given, "payload", text), "text": text}}


def _button_reply(given: Mapping[str, Any]) -> Json:
    reply = {"id": _string(given, "id"), "title": _string(given, "title")}
    return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}


def _list_reply(given: Mapping[str, Any]) -> Json:
    reply = {"id": _string(given, "id"), "title": _string(given, "title"), **_some(given, "description")}
    return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": reply}}


def _unsupported(given: Mapping[str, Any]) -> Json:
    error = webhook_error(131051, "Message type is currently not supported.")
    return {
        "type": "unsupported",
        "errors": [error],
        "unsupported": {"type": _string(given, "subtype", "poll")},
    }


def _edit(given: Mapping[str, Any]) -> Json:
    message = {"type": "text", "text": {"body": _string(given, "text")}}
    edit = {"original_message_id": _string(given, "message_id"), "message": message}
    return {"type": "edit", "edit": edit}


def _revoke(given: Mapping[str, Any]) -> Json:
    return {"type": "revoke", "revoke": {"original_message_id": _string(given, "message_id")}}


def _welcome(_: Mapping[str, Any]) -> Json:
    return {"type": "request_welcome"}


def _raw(given: Mapping[str, Any]) -> Json:
    message = given.get("message")
    if not isinstance(message, dict):
        raise Mistake("message must be an object")
    return dict(message)


_MAKERS: dict[str, Callable[[Mapping[str, Any]], Json]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "button": _button,
    "button_reply": _button_reply,
    "list_reply": _list_reply,
    "unsupported": _unsupported,
    "edit": _edit,
    "revoke": _revoke,
    "request_welcome": _welcome,
    "raw": _raw,
}
