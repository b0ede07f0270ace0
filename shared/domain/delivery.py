"""The state of an outgoing message: it only moves forward, whatever the order of receipts."""

from collections.abc import Mapping
from typing import Any

RANKS = {
    "queued": 0,
    "sending": 1,
    "unclear": 2,
    "accepted": 3,
    "sent": 4,
    "failed": 5,
    "delivered": 6,
    "read": 7,
    "played": 8,
}
"""`failed` stands below `delivered`: with several devices one may fail and another receive."""

RECEIPTS = ("sent", "failed", "delivered", "read", "played")

_NAMES = {rank: name for name, rank in RANKS.items()}


def attempt_key(attempt: int) -> str:
    """Name an attempt's field."""
    return f"a{attempt}"


def callback_data(message: str, attempt: int) -> str:
    """Return what we give Meta to hand back in every receipt."""
    return f"atende:{message}:{attempt}"


def parse_callback(data: object) -> tuple[str, int] | None:
    """Read back `callback_data`; None for anything that is not ours."""
    if not isinstance(data, str):
        return None
    parts = data.split(":")
    if len(parts) != 3 or parts[0] != "atende" or not parts[1].isalnum():
        return None
    if not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) <= 6):
        return None
    return parts[1], int(parts[2])


def receipt_rank(data: Mapping[str, Any], attempt: int | None = None) -> int:
    """Return the highest rank that receipts told, of one attempt or of all; -1 for none."""
    receipts = data.get("receipts") or {}
    if attempt is not None:
        return int(receipts.get(attempt_key(attempt), -1))
    return max((int(rank) for rank in receipts.values()), default=-1)


def reached(data: Mapping[str, Any]) -> set[str]:
    """Return the attempts that a receipt proves to have left for the customer."""
    receipts = data.get("receipts") or {}
    return {name for name, rank in receipts.items() if rank >= RANKS["sent"] and rank != RANKS["failed"]}


def sent_twice(data: Mapping[str, Any]) -> bool:
    """Tell whether more than one attempt at a message reached Meta, as far as anything proves it."""
    proven = reached(data)
    if data["state"] == "accepted":
        proven.add(attempt_key(int(data.get("attempt") or 1)))
    return len(proven) > 1


def state_of(data: Mapping[str, Any]) -> str:
    """Combine what the sender stored with what receipts told into one state."""
    stored = str(data["state"])
    receipts = receipt_rank(data)
    if stored == "cancelled":
        return _NAMES[receipts] if receipts >= RANKS["sent"] else stored
    return _NAMES[max(RANKS[stored], receipts)]
