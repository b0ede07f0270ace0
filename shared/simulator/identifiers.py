"""Identifiers as Meta makes them: message ids, business-scoped user ids, Brazilian mobiles."""

import base64
import random

_HEX = "0123456789ABCDEF"
_AREAS = ("11", "19", "21", "27", "31", "41", "47", "48", "51", "61", "71", "81", "85", "91")
_TRACE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def wamid(chance: random.Random, person: str, *, incoming: bool) -> str:
    """Return a message id in Meta's layout; `person` (phone or user id) is inside it."""
    serial = "".join(chance.choices(_HEX, k=20)).encode()
    who = person.encode("ascii", "replace")[:120]
    packed = b"\x1c\x18" + bytes([len(who)]) + who + b"\x15\x02\x00"
    packed += (b"\x12" if incoming else b"\x11") + b"\x18" + bytes([len(serial)]) + serial + b"\x00"
    return "wamid." + base64.b64encode(packed).decode()


def user_id(chance: random.Random, phone: str) -> str:
    """Return a business-scoped user id, prefixed with the phone's country."""
    country = "BR" if phone.startswith("55") else "US" if phone.startswith("1") else "PT"
    return f"{country}.{chance.randrange(10**19, 10**20)}"


def mobile(chance: random.Random) -> str:
    """Return a Brazilian mobile with country code and ninth digit, digits only."""
    return f"55{chance.choice(_AREAS)}9{chance.randrange(6, 10)}{chance.randrange(10**7):07d}"


def trace(chance: random.Random) -> str:
    """Return a trace id as Graph puts it into errors."""
    return "A" + "".join(chance.choices(_TRACE, k=22))


def digits(text: str) -> str:
    """Return the ASCII digits of a phone number as somebody spelt it."""
    return "".join(letter for letter in text if letter in "0123456789")


def sibling(phone: str) -> str:
    """Return the other spelling of a Brazilian mobile, or an empty string.

    WhatsApp delivers to both, whichever the account was registered with.
    """
    if phone.startswith("55") and len(phone) == 13 and phone[4] == "9":
        return phone[:4] + phone[5:]
    if phone.startswith("55") and len(phone) == 12 and phone[4] in "6789":
        return phone[:4] + "9" + phone[4:]
    return ""
