"""The bodies of what we post to Meta's `/messages`."""

from typing import Any


def text_message(
    *,
    to: str | None,
    recipient: str | None,
    text: str,
    callback_data: str,
    reply_to: str | None = None,
) -> dict[str, Any]:
    """Make the body of one text message.

    Args:
        to: The person's phone, as its last message's `from` spelt it.
        recipient: The business-scoped user id, for a person without a phone.
        text: At most `TEXT_LIMIT` characters.
        callback_data: Tells message and attempt; comes back in receipts. At most 512 characters.
        reply_to: Meta's id of the message to quote.

    Raises:
        ValueError: Not exactly one of `to` and `recipient`; Meta would let `to` win silently.
    """
    if bool(to) == bool(recipient):
        raise ValueError("a message goes to a phone or to a user id")
    body: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    body |= {"to": to} if to else {"recipient": recipient}
    body |= {"type": "text", "text": {"body": text, "preview_url": False}}
    if reply_to:
        body["context"] = {"message_id": reply_to}
    return body | {"biz_opaque_callback_data": callback_data}


def read_receipt(wamid: str) -> dict[str, Any]:
    """Make the body that marks a message read and shows the typing indicator."""
    return {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
        "typing_indicator": {"type": "text"},
    }
