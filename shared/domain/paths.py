"""Where documents live: everything under its business."""

import hashlib

UNOWNED = "-"
"""The business of what arrived for a number that is nobody's."""


def digest(*parts: str) -> str:
    """Return 32 hex digits that name these parts, whatever characters they hold."""
    joined = "\x1f".join(parts).encode("utf-8", "backslashreplace")
    return hashlib.sha256(joined).hexdigest()[:32]


def collection(business: str, name: str) -> str:
    """Return the path of one of a business's collections."""
    return f"businesses/{business}/{name}"


def conversation(business: str, key: str) -> str:
    """Return the path of a conversation."""
    return f"businesses/{business}/conversations/{key}"


def message(business: str, key: str) -> str:
    """Return the path of a message, incoming or outgoing."""
    return f"businesses/{business}/messages/{key}"


def person(business: str, key: str) -> str:
    """Return the path of a person."""
    return f"businesses/{business}/persons/{key}"


def alias(business: str, kind: str, value: str) -> str:
    """Return the path of an alias, of kind `bsuid`, `parent` or `phone` (by its key)."""
    return f"businesses/{business}/aliases/{kind}-{digest(value)}"


def kept(business: str, key: str) -> str:
    """Return the path of something that was kept because it was not understood."""
    return f"businesses/{business}/kept/{key}"


def action(business: str, key: str) -> str:
    """Return the path of an action that a turn asked for."""
    return f"businesses/{business}/actions/{key}"


def number(business: str, key: str) -> str:
    """Return the path of a business number's operating state."""
    return f"businesses/{business}/numbers/{key}"
