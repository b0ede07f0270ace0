"""Meta's limits on interactive messages: buttons, lists and the rest."""

from shared.simulator.graph_errors import GraphError, invalid, missing
from shared.simulator.records import Json, Value

_BODIES = {
    "button": 1024,
    "list": 4096,
    "cta_url": 1024,
    "location_request_message": 1024,
    "request_contact_info": 1024,
    "flow": 1024,
    "catalog_message": 1024,
}
_OTHERS = ("product", "product_list", "call_permission_request", "voice_call", "carousel")


def check_interactive(content: Json) -> None:
    """Check the parts that have limits; the rest of the action is taken as it is.

    Raises:
        GraphError: What is missing or wrong.
    """
    kind = content.get("type")
    if kind not in _BODIES and kind not in _OTHERS:
        raise GraphError(100, "Param interactive['type'] is not one of the known types.")
    if kind in _BODIES:
        _text(content.get("body"), "interactive['body']['text']", _BODIES[kind])
    for part in ("header", "footer"):
        if isinstance(content.get(part), dict) and content[part].get("type", "text") == "text":
            _text(content[part], f"interactive['{part}']['text']", 60)
    action = content.get("action")
    if not isinstance(action, dict):
        raise missing("interactive['action']")
    if kind == "button":
        _buttons(action)
    if kind == "list":
        _list(action)


def _text(part: Value, name: str, limit: int) -> None:
    text = part.get("text") if isinstance(part, dict) else None
    if text is None or text == "":
        raise missing(name)
    if not isinstance(text, str) or len(text) > limit:
        raise invalid(f"{name} must be a string of at most {limit} characters")


def _label(value: Value, name: str, limit: int) -> str:
    if value is None or value == "":
        raise missing(name)
    if not isinstance(value, str) or len(value) > limit:
        raise invalid(f"{name} must be a string of at most {limit} characters")
    return value


def _items(value: Value, name: str, most: int) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise missing(name)
    if not 1 <= len(value) <= most:
        raise invalid(f"{name} must hold 1 to {most}")
    return value


def _unique(ids: list[str], name: str) -> None:
    if len(set(ids)) != len(ids):
        raise invalid(f"{name} must be unique")


def _buttons(action: Json) -> None:
    ids: list[str] = []
    for button in _items(action.get("buttons"), "interactive['action']['buttons']", 3):
        reply = button.get("reply")
        if not isinstance(reply, dict):
            raise missing("button['reply']")
        ids.append(_label(reply.get("id"), "button['reply']['id']", 256))
        _label(reply.get("title"), "button['reply']['title']", 20)
    _unique(ids, "button['reply']['id']")


def _list(action: Json) -> None:
    _label(action.get("button"), "interactive['action']['button']", 20)
    sections = _items(action.get("sections"), "interactive['action']['sections']", 10)
    ids: list[str] = []
    for section in sections:
        if len(sections) > 1 or section.get("title"):
            _label(section.get("title"), "section['title']", 24)
        for row in _items(section.get("rows"), "section['rows']", 10):
            ids.append(_label(row.get("id"), "row['id']", 200))
            _label(row.get("title"), "row['title']", 24)
            if row.get("description"):
                _label(row["description"], "row['description']", 72)
    if len(ids) > 10:
        raise invalid("a list may hold 10 rows in total")
    _unique(ids, "row['id']")
