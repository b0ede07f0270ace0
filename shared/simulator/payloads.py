"""Webhook changes in Meta's shapes, for Graph v24 and later."""

from shared.simulator.graph_errors import webhook_error
from shared.simulator.records import Customer, Json, Message, Number, Value


def envelope(account_id: str, changes: list[Json]) -> Json:
    """Return the body of one webhook that carries these changes."""
    return {"object": "whatsapp_business_account", "entry": [{"id": account_id, "changes": changes}]}


def _value(number: Number, **parts: Value) -> Json:
    metadata = {"display_phone_number": number.display, "phone_number_id": number.id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **parts}


def change(number: Number, **parts: Value) -> Json:
    """Return one change of the field `messages` for a number."""
    return {"value": _value(number, **parts), "field": "messages"}


def contact(customer: Customer, *, shown: bool, username: bool = True) -> Json:
    """Return the `contacts` element of a customer; `shown` tells whether the phone may be."""
    profile = {"name": customer.name}
    if username and customer.username:
        profile["username"] = customer.username
    found: Json = {"profile": profile}
    if shown and customer.phone:
        found["wa_id"] = customer.phone
    found["user_id"] = customer.user_id
    return found


def sender(customer: Customer) -> Json:
    """Return the keys that tell who wrote: `from` unless it is hidden, and `from_user_id`."""
    who: Json = {}
    if not customer.hidden and customer.phone:
        who["from"] = customer.phone
    who["from_user_id"] = customer.user_id
    return who


def incoming(number: Number, customer: Customer, message: Json) -> Json:
    """Return the change that carries one message of a customer."""
    return change(number, contacts=[contact(customer, shown=not customer.hidden)], messages=[message])


def system(number: Number, message: Json) -> Json:
    """Return the change that carries a system message; it has no contacts."""
    return change(number, messages=[message])


def receipt(number: Number, customer: Customer, message: Message, *, status: str, at_ms: int) -> Json:
    """Return the change that carries one receipt.

    A message to a phone shows that phone; one to a user id shows it only if the customer
    doesn't hide it. A failure has neither contacts nor pricing, and the user id only when
    the message went to one.
    """
    shown = message.by_phone or not customer.hidden
    failed = status == "failed"
    told: Json = {"id": message.id, "status": status, "timestamp": str(at_ms // 1000)}
    if shown and customer.phone:
        told["recipient_id"] = customer.phone
    if not failed or not message.by_phone:
        told["recipient_user_id"] = customer.user_id
    if message.opaque is not None:
        told["biz_opaque_callback_data"] = message.opaque
    if failed:
        told["errors"] = [webhook_error(message.error_code)]
        return change(number, statuses=[told])
    if status != "read":
        told["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": message.category,
        }
    who = contact(customer, shown=shown, username=status != "sent")
    return change(number, contacts=[who], statuses=[told])
