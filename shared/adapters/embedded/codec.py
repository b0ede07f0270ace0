"""Documents as JSON text that SQLite's functions can read.

SQLite's JSON functions cut text at NUL. NUL and U+0001 are therefore kept as two characters
each, chosen so that comparing and ordering encoded text gives what the originals give.
"""

import re
from collections.abc import Callable

import orjson

from shared.ports.store import Json

_PAIR = re.compile("\x01([\x01\x02])")
_ESCAPE = str.maketrans({"\x00": "\x01\x01", "\x01": "\x01\x02"})


def encode(data: dict[str, Json]) -> str:
    """Return a checked document's data as text."""
    raw = orjson.dumps(data)
    if b"\\u0000" in raw or b"\\u0001" in raw:
        raw = orjson.dumps(_mapped(data, encode_text))
    return raw.decode()


def decode(text: str) -> dict[str, Json]:
    """Return the data that `encode` was given."""
    data: dict[str, Json] = orjson.loads(text)
    if "\\u0001" in text:
        data = _mapped(data, _decode_text)
    return data


def encode_value(value: Json) -> Json:
    """Return a field's value as SQLite reads it out of an encoded document."""
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, dict | list):
        return orjson.dumps(_mapped(value, encode_text)).decode()
    return value


def encode_text(text: str) -> str:
    """Return text without NUL that compares like the original."""
    return text.translate(_ESCAPE) if "\x00" in text or "\x01" in text else text


def _decode_text(text: str) -> str:
    return _PAIR.sub(lambda pair: "\x00" if pair[1] == "\x01" else "\x01", text) if "\x01" in text else text


def _mapped(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): _mapped(item, change) for key, item in value.items()}
    return value
