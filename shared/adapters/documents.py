"""What every document store must agree on: valid values, paths, updates and queries.

A store that refuses a document here would only meet its backend's refusal later: text must be
encodable, integers fit 64 bits, floats are finite, nesting is bounded.
"""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from shared.ports.store import Json, Maximum, Query, Write

MAX_DEPTH = 100
MAX_IN_VALUES = 30
OPERATORS = frozenset(("==", "<", "<=", ">", ">=", "in"))

_SMALLEST = -(2**63)
_GREATEST = 2**63 - 1


class Kind(Enum):
    """Which values compare with each other in a condition."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"


_KINDS: dict[type, Kind] = {bool: Kind.BOOLEAN, int: Kind.NUMBER, float: Kind.NUMBER, str: Kind.TEXT}


def kind_of(value: Json) -> Kind | None:
    """Tell what a value compares with; None for None, lists and objects."""
    return _KINDS.get(type(value))


def checked(data: Mapping[str, Json]) -> dict[str, Json]:
    """Return a copy of a document's data that shares nothing with the original.

    Raises:
        ValueError: Text that UTF-8 cannot hold (lone surrogates), an integer beyond 64
            bits, a float that is not finite, or nesting deeper than `MAX_DEPTH`.
        TypeError: Something that is not JSON.
    """
    return _object(data, 0)


def check_document_path(path: str) -> str:
    """Return the path when it names a document.

    Raises:
        ValueError: It does not.
    """
    return _check_path(path, "document", odd_slashes=1)


def check_collection_path(path: str) -> str:
    """Return the path when it names a collection.

    Raises:
        ValueError: It does not.
    """
    return _check_path(path, "collection", odd_slashes=0)


def check_writes(writes: Sequence[Write]) -> None:
    """Make sure that every path names a document and occurs once.

    Raises:
        ValueError: One does not.
    """
    seen = {check_document_path(write.path) for write in writes}
    if len(seen) != len(writes):
        raise ValueError("one commit writes the same document twice")


def check_query(query: Query) -> None:
    """Make sure that a query can be answered by every store.

    Raises:
        ValueError: An unknown operator, a list or object to compare with, more than
            `MAX_IN_VALUES` values for `in`, or a negative limit.
    """
    check_collection_path(query.collection)
    if query.limit < 0:
        raise ValueError("a page cannot hold fewer than no documents")
    for field, operator, value in query.where:
        if operator not in OPERATORS:
            raise ValueError(f"unknown operator on {field}")
        for wanted in _wanted(operator, value):
            if wanted is not None and kind_of(wanted) is None:
                raise ValueError(f"the condition on {field} compares with a list or an object")
            _copy(wanted, 0)


def updated(data: Mapping[str, Json], fields: Mapping[str, Json | Maximum]) -> dict[str, Json]:
    """Return the data after an `Update`; what did not change is shared with `data`.

    Something on a dotted path that is not an object is replaced by one.

    Raises:
        ValueError: A field is named twice (`times` and `times.read`), or a value is refused
            as by `checked`.
        TypeError: As by `checked`.
    """
    result = dict(data)
    for key, value in fields.items():
        if "." not in key:
            _set(result, key, value)
            continue
        parts = key.split(".")
        _check_field(key, parts, fields)
        _set(_parent(result, parts[:-1]), parts[-1], value)
    return result


def value_at(data: Mapping[str, Json], field: str) -> Json:
    """Return the value under a field name or dotted path, None when there is none."""
    node: Json = data
    for part in field.split("."):
        if not isinstance(node, dict):
            return None
        node = node.get(part)
    return node


def _wanted(operator: str, value: Json) -> Sequence[Json]:
    if operator != "in":
        return (value,)
    if not isinstance(value, list | tuple) or len(value) > MAX_IN_VALUES:
        raise ValueError(f"`in` takes a list of at most {MAX_IN_VALUES} values")
    return value


def _check_path(path: str, what: str, *, odd_slashes: int) -> str:
    if path.count("/") % 2 != odd_slashes or not path or "//" in path or path[0] == "/" or path[-1] == "/":
        raise ValueError(f"not the path of a {what}: {path!r}")
    return _text(path)


def _check_field(key: str, parts: list[str], fields: Mapping[str, Any]) -> None:
    if "" in parts:
        raise ValueError(f"a dotted path with an empty name: {key!r}")
    if any(".".join(parts[:length]) in fields for length in range(1, len(parts))):
        raise ValueError(f"an update sets both {key!r} and what holds it")


def _parent(node: dict[str, Json], names: list[str]) -> dict[str, Json]:
    for name in names:
        child = node.get(name)
        node[name] = dict(child) if isinstance(child, dict) else {}
        node = node[name]
    return node


def _set(node: dict[str, Json], key: str, value: Json | Maximum) -> None:
    if not isinstance(value, Maximum):
        node[_text(key)] = _copy(value, 1)
        return
    stored = node.get(key)
    # A boolean is an `int` to Python but not a number to us.
    if not isinstance(stored, int | float) or isinstance(stored, bool) or stored < value.value:
        node[_text(key)] = _integer(value.value)


def _object(value: Mapping[str, Json], depth: int) -> dict[str, Json]:
    if depth > MAX_DEPTH:
        raise ValueError(f"a document nests deeper than {MAX_DEPTH}")
    depth += 1
    return {
        key if type(key) is str and key.isascii() else _key(key): _copy(item, depth)
        for key, item in value.items()
    }


def _copy(value: Json, depth: int) -> Json:
    """Copy and check a value: the innermost loop of every write, so the usual types come first."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is int:
        return _integer(value)
    if kind is bool or value is None:
        return value
    if kind is dict:
        return _object(value, depth)
    return _copy_unusual(value, depth)


def _copy_unusual(value: Json, depth: int) -> Json:
    if isinstance(value, list | tuple):
        if depth > MAX_DEPTH:
            raise ValueError(f"a document nests deeper than {MAX_DEPTH}")
        return [_copy(item, depth + 1) for item in value]
    if type(value) is float:
        return _float(value)
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, int):
        return _integer(int(value))
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def _key(key: Any) -> str:  # noqa: ANN401  a document that is not JSON may hold any key
    if not isinstance(key, str):
        raise TypeError(f"not a field name: {type(key).__name__}")
    return _text(key if type(key) is str else str.__str__(key))


def _text(value: str) -> str:
    if not value.isascii():
        value.encode()
    return value


def _integer(value: int) -> int:
    if not _SMALLEST <= value <= _GREATEST:
        raise ValueError("an integer beyond 64 bits")
    return value


def _float(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a float that is not finite")
    return value
