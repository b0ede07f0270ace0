"""Webhook payloads as Meta sends them: one message of one customer, one receipt of one answer."""

from typing import Any

LENGTH_BYTES = 4
"""A frame on the wire to the system: its length, the signature, the body."""
SIGNATURE_BYTES = 71
"""`sha256=` and 64 hexadecimal digits."""

ACCOUNT = "102290129340398"
NUMBERS = tuple(str(106540352242922 + index) for index in range(10))
RECEIPTS = ("sent", "delivered", "read")

QUESTIONS = (
    "Oi! Qual é o horário de atendimento?",
    "Bom dia, onde fica a loja?",
    "Olá. Quanto custa o plano completo?",
    "Vocês atendem motos?",
)


def phone_of(customer: int) -> str:
    """Return a Brazilian mobile number."""
    return f"55119{80_000_000 + customer}"


def user_of(customer: int) -> str:
    """Return a business-scoped user id."""
    return f"BR.{13491208655302000000 + customer}"


def message(customer: int, *, number: str, wamid: str, at_s: int) -> dict[str, Any]:
    """Make the payload of one text message."""
    phone, user = phone_of(customer), user_of(customer)
    update = {
        "from": phone,
        "from_user_id": user,
        "id": wamid,
        "timestamp": str(at_s),
        "text": {"body": QUESTIONS[customer % len(QUESTIONS)]},
        "type": "text",
    }
    contact = {"profile": {"name": "Ana"}, "wa_id": phone, "user_id": user}
    return _payload(number, {"contacts": [contact], "messages": [update]})


def receipt(name: str, *, number: str, wamid: str, callback: str, to: str, at_s: int) -> dict[str, Any]:
    """Make the payload of one receipt, `name` being one of `RECEIPTS`."""
    update = {
        "id": wamid,
        "status": name,
        "timestamp": str(at_s),
        "recipient_id": to,
        "biz_opaque_callback_data": callback,
        "pricing": {"billable": False, "pricing_model": "PMP", "type": "free_customer_service"},
    }
    return _payload(number, {"statuses": [update]})


def _payload(number: str, lists: dict[str, Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": "551130000000", "phone_number_id": number}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **lists}
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}
