"""Answers a query over documents that lie in memory."""

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from shared.adapters.documents import kind_of, value_at
from shared.ports.store import Json, Query

Row = tuple[str, Mapping[str, Json]]
"""A document's name and data."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(rows: Iterable[Row], query: Query) -> list[Row]:
    """Return the page of `rows` that a checked query asks for."""
    found = [row for row in rows if _meets_all(row[1], query)]
    if query.after is not None:
        last = (query.after.name, query.after.data)
        found = [row for row in found if _follows(row, last, query.order)]
    found.sort(key=operator.itemgetter(0))
    for field in reversed(query.order):
        name, descending = _direction(field)
        found.sort(key=partial(_place, name), reverse=descending)
    return found[: query.limit]


def sort_key(value: Json) -> tuple[int, Any]:
    """Place a value in the order of mixed types.

    None and absent first, then booleans (as 0 and 1) and numbers, then text by code point;
    lists and objects stand among the texts, as their JSON.
    """
    if value is None:
        return (0, 0)
    if isinstance(value, bool | int | float):
        return (1, value)
    if isinstance(value, str):
        return (2, value)
    return (2, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _meets_all(data: Mapping[str, Json], query: Query) -> bool:
    return all(_meets(value_at(data, field), operation, wanted) for field, operation, wanted in query.where)


def _meets(value: Json, operation: str, wanted: Json) -> bool:
    if operation == "in":
        return any(_meets(value, "==", one) for one in wanted)
    kind = kind_of(value)
    if kind is None or kind is not kind_of(wanted):
        return False
    return _COMPARISONS[operation](value, wanted)


def _follows(row: Row, last: Row, order: tuple[str, ...]) -> bool:
    for field in order:
        name, descending = _direction(field)
        mine, theirs = sort_key(value_at(row[1], name)), sort_key(value_at(last[1], name))
        if mine != theirs:
            return (mine > theirs) is not descending
    return row[0] > last[0]


def _place(field: str, row: Row) -> tuple[int, Any]:
    return sort_key(value_at(row[1], field))


def _direction(field: str) -> tuple[str, bool]:
    return (field[1:], True) if field.startswith("-") else (field, False)
