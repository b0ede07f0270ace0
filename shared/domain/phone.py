"""Phones in every spelling: one key per line, whichever way it was written."""

import re

_DIGITS = "0123456789"
_WRITTEN = re.compile(r"\+?[0-9\s().\-]+")
_BRAZILIAN_MOBILE = re.compile(r"55([1-9][1-9])9?([6-9]\d{7})")


def spellings(key: str) -> list[str]:
    """Return every way to write the line of a key, in digits."""
    mobile = _BRAZILIAN_MOBILE.fullmatch(key)
    return [key, f"55{mobile[1]}9{mobile[2]}"] if mobile else [key]


def looks_like_phone(identifier: str) -> bool:
    """Tell whether a text can only be a phone, not a business-scoped user id."""
    return bool(_WRITTEN.fullmatch(identifier.strip())) and any(c in _DIGITS for c in identifier)


def phone_key(phone: str) -> str:
    """Return the same key for every spelling of one line.

    Brazil put a 9 before its mobile numbers; WhatsApp ids of older accounts lack it.
    Only subscriber numbers that began with 6 to 9 were mobile before: `9` plus any other
    digit is a number of today without an older spelling, and eight digits that begin
    with 2 to 5 are a landline, which is somebody else.
    """
    if not looks_like_phone(phone):
        return phone.strip()
    digits = "".join(c for c in phone if c in _DIGITS)
    mobile = _BRAZILIAN_MOBILE.fullmatch(digits)
    return f"55{mobile[1]}{mobile[2]}" if mobile else digits
