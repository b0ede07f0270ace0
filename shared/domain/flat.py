"""A dataclass as a dict of its fields, without the deep copies that `asdict` makes."""

from dataclasses import fields
from typing import Any

_NAMES: dict[type[Any], tuple[str, ...]] = {}


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of a dataclass's fields, in their order."""
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind))
    return names


def flat(thing: object) -> dict[str, Any]:
    """Return a dataclass's fields by name; the values are shared with it."""
    return {name: getattr(thing, name) for name in names_of(type(thing))}
