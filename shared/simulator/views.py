"""What the control API and the page see of the simulator's records, as JSON."""

from dataclasses import asdict, fields

from shared.simulator.faults import Faults
from shared.simulator.records import Chat, Customer, Json, Message, Post
from shared.simulator.state import Record, State


def customer(state: State, one: Customer) -> Json:
    """Return a customer with its chats, newest message included."""
    chats = [state.chats.get(f"{number_id}:{one.id}") for number_id in state.numbers]
    return {**asdict(one), "chats": [chat(state, found) for found in chats if found is not None]}


def chat(state: State, one: Chat) -> Json:
    """Return a chat's head: unread count, typing, window, last visible message."""
    last = next((line for line in reversed(state.lines.get(one.key, [])) if visible(line)), None)
    return {
        "number": one.number_id,
        "customer": one.customer_id,
        "unread": one.unread,
        "typing_until_ms": one.typing_until_ms,
        "last_in_ms": one.last_in_ms,
        "last": message(last) if last is not None else None,
    }


def message(one: Message) -> Json:
    """Return a message; `visible` tells whether the customer's phone shows it as a bubble."""
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    return {
        **values,
        "number": one.chat.partition(":")[0],
        "customer": one.chat.partition(":")[2],
        "visible": visible(one),
    }


def visible(one: Message) -> bool:
    """Tell whether the customer's phone shows this as a bubble."""
    if one.kind in ("reaction", "edit", "revoke", "request_welcome"):
        return False
    return one.direction == "in" or one.status in ("delivered", "read")


def post(one: Post) -> Json:
    """Return a journalled post."""
    return asdict(one)


def state(found: State, *, callback_url: str) -> Json:
    """Return everything but the messages."""
    return {
        "now_ms": found.now_ms,
        "account": found.account_id,
        "numbers": [asdict(number) for number in found.numbers.values()],
        "customers": [customer(found, one) for one in found.customers.values()],
        "templates": [asdict(template) for template in found.templates.values()],
        "faults": asdict(found.faults),
        "callback_url": callback_url,
        "callbacks": {key: callback.url for key, callback in found.callbacks.items()},
        "webhooks_pending": len(found.deliveries),
        "posts": found.posts[-1].seq if found.posts else 0,
    }


def notice(found: State, record: Record | None) -> tuple[str, Json] | None:
    """Return a change as the live stream tells it: event name and data; None for other kinds."""
    if isinstance(record, Message):
        return "message", message(record)
    if isinstance(record, Chat):
        return "chat", chat(found, record)
    if isinstance(record, Customer):
        return "customer", customer(found, record)
    if isinstance(record, Faults):
        return "faults", asdict(record)
    return None
