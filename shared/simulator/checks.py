"""What Graph checks in the body of a post before anybody is looked up."""

from collections.abc import Callable

from shared.simulator.graph_errors import GraphError, invalid, missing
from shared.simulator.interactive_checks import check_interactive
from shared.simulator.records import Json, Value

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
OPAQUE_LIMIT = 512
MEDIA = ("image", "video", "audio", "document", "sticker")


def check_envelope(body: Value) -> Json:
    """Return the body as an object that asks for WhatsApp.

    Raises:
        GraphError: 100 when it is not.
    """
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    product = body.get("messaging_product")
    if product is None:
        raise GraphError(100, "The parameter messaging_product is required.")
    if product != "whatsapp":
        raise GraphError(100, "Param messaging_product must be one of {WHATSAPP}.")
    return body


def recipient(body: Json) -> tuple[str, bool]:
    """Return whom the message is for and whether that is a phone; `to` wins over `recipient`.

    Raises:
        GraphError: Neither is given, or not as text, or it is for a group.
    """
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "Param recipient_type must be one of {INDIVIDUAL}.")
    for name, phone in (("to", True), ("recipient", False)):
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise invalid(f"{name} must be a string")
        return value, phone
    raise missing("to")


def check_message(body: Json) -> tuple[str, Value]:
    """Return type and content of a message after Graph's checks on its form.

    Raises:
        GraphError: What is missing or wrong.
    """
    _check_extras(body)
    kind = body.get("type", "text")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise GraphError(100, f"Param type must be one of {{{', '.join(sorted(_CHECKS)).upper()}}}.")
    content = body.get(kind)
    if content is None:
        raise missing(kind)
    check(kind, content)
    return kind, content


def _check_extras(body: Json) -> None:
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and not isinstance(opaque, str):
        raise invalid("biz_opaque_callback_data must be a string")
    if opaque is not None and len(opaque) > OPAQUE_LIMIT:
        raise invalid(f"biz_opaque_callback_data must be at most {OPAQUE_LIMIT} characters long")
    context = body.get("context")
    if context is not None and not (isinstance(context, dict) and isinstance(context.get("message_id"), str)):
        raise invalid("context must hold a message_id")


def _object(kind: str, content: Value) -> Json:
    if not isinstance(content, dict):
        raise invalid(f"{kind} must be an object")
    return content


def _text(kind: str, content: Value) -> None:
    body = _object(kind, content).get("body")
    if body is None or body == "":
        raise missing("text['body']")
    if not isinstance(body, str) or not body.strip():
        raise invalid("text['body'] must be a string that is not blank")
    if len(body) > TEXT_LIMIT:
        raise GraphError(100, f"Param text['body'] must be at most {TEXT_LIMIT} characters long.")


def _media(kind: str, content: Value) -> None:
    media = _object(kind, content)
    if not any(isinstance(media.get(name), str) and media[name] for name in ("id", "link")):
        raise missing(f"{kind}['id'] or {kind}['link']")
    caption = media.get("caption", "")
    if not isinstance(caption, str) or len(caption) > CAPTION_LIMIT:
        raise GraphError(100, f"Param {kind}['caption'] must be at most {CAPTION_LIMIT} characters long.")
    if caption and kind in ("audio", "sticker"):
        raise GraphError(100, f"Param {kind}['caption'] is not allowed.")


def _location(kind: str, content: Value) -> None:
    place = _object(kind, content)
    for name, bound in (("latitude", 90), ("longitude", 180)):
        try:
            value = float(place[name])
        except KeyError:
            raise missing(f"location['{name}']") from None
        except (TypeError, ValueError):
            raise invalid(f"location['{name}'] must be a number") from None
        if not -bound <= value <= bound:
            raise invalid(f"location['{name}'] is out of range")


def _contacts(kind: str, content: Value) -> None:
    if not isinstance(content, list) or not 1 <= len(content) <= 257:
        raise invalid("contacts must be a list of 1 to 257")
    for one in content:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, dict) or not name.get("formatted_name"):
            raise missing(f"{kind}['name']['formatted_name']")


def _reaction(kind: str, content: Value) -> None:
    reaction = _object(kind, content)
    if not isinstance(reaction.get("message_id"), str):
        raise missing("reaction['message_id']")
    if not isinstance(reaction.get("emoji", ""), str):
        raise invalid("reaction['emoji'] must be a string")


def _template(kind: str, content: Value) -> None:
    _object(kind, content)


def _interactive(kind: str, content: Value) -> None:
    check_interactive(_object(kind, content))


_CHECKS: dict[str, Callable[[str, Value], None]] = {
    "text": _text,
    "template": _template,
    "interactive": _interactive,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    **dict.fromkeys(MEDIA, _media),
}
