"""What customers wrote, put into their chats: the same for our page and for what was overheard."""

from shared.simulator.depth import shallow
from shared.simulator.previews import preview
from shared.simulator.records import Chat, Json, Message, Value
from shared.simulator.state import State

LONGEST_TEXT = 65_536
LONGEST_KIND = 64


def record(state: State, chat: Chat, message: Json, *, at_ms: int, status: str = "sent") -> None:
    """Keep one element of `messages[]`, which must have an id, at the end of a chat.

    Content that no page could show (too deep, too long) is left out.
    """
    apply(state, message)
    kind = message.get("type")
    kind = kind if isinstance(kind, str) and len(kind) <= LONGEST_KIND else "unknown"
    content = message.get(kind)
    context = message.get("context")
    text = preview(kind, content)
    if len(text) > LONGEST_TEXT or not shallow(content):
        text, content = text[:LONGEST_TEXT], None
    state.put_message(
        Message(
            id=message["id"],
            chat=chat.key,
            seq=state.next_serial(),
            direction="in",
            kind=kind,
            content=content,
            at_ms=at_ms,
            status=status,
            text=text,
            context_id=_string(context, "id"),
        )
    )


def apply(state: State, message: Json) -> None:
    """Show on the phone what a reaction, an edit or a deletion does to an earlier message."""
    kind = message.get("type")
    content = message.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict):
        return
    if kind == "reaction":
        target = state.messages.get(_string(content, "message_id"))
        if target is not None:
            target.reactions["customer"] = _string(content, "emoji")[:LONGEST_KIND]
            state.touch("message", target.id, target)
    if kind in ("edit", "revoke"):
        target = state.messages.get(_string(content, "original_message_id"))
        edited = content.get("message")
        if target is not None and target.direction == "in":
            target.edited = True
            said = preview("text", edited.get("text")) if isinstance(edited, dict) else "🚫"
            target.text = said[:LONGEST_TEXT]
            state.touch("message", target.id, target)


def _string(content: Value, name: str) -> str:
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""
