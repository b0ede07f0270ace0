"""A query as SQL.

A page after a cursor is not one condition with OR, which no index serves, but a sequence of
ranges that follow one another: first the rest of the cursor's ties, then what lies behind
them. Each is a contiguous piece of the index, so a late page costs what the first one costs.
"""

from dataclasses import dataclass

from shared.adapters.documents import Kind, kind_of, value_at
from shared.adapters.embedded.codec import encode_value
from shared.adapters.embedded.indexes import field_sql, kind_sql, path_sql
from shared.ports.store import Document, Json, Query

_TYPES = {Kind.NUMBER: "('integer', 'real')", Kind.TEXT: "('text')"}
_NEVER = "0"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT of name, data and version; `parameters` lacks only the limit, its last."""

    sql: str
    parameters: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """A piece of a WHERE clause with the values for its question marks."""

    sql: str
    parameters: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class _Range:
    """Documents that follow one another, with what still has to be sorted among them."""

    terms: tuple[_Term, ...]
    order: tuple[str, ...]


def compiled(query: Query) -> list[Statement]:
    """Return the statements whose results, one after the other, are the checked query's answer.

    Raises:
        ValueError: A field's name cannot be queried.
    """
    conditions: list[_Term] = [
        _Term(f"kind = {kind_sql(query.collection)}"),
        _Term("collection = ?", (query.collection,)),
        *(_condition(field, operator, value) for field, operator, value in query.where),
    ]
    # Without an order, the planner would rather read the whole collection by name than look
    # up a range and sort what it found; the plus takes that way from it.
    ranged = not query.order and any(operator != "==" for _, operator, _ in query.where)
    name = "+name" if ranged else "name"
    ranges = [_Range((), query.order)] if query.after is None else _ranges(query.order, query.after, name)
    return [_statement([*conditions, *piece.terms], (*map(_order, piece.order), name)) for piece in ranges]


def _statement(terms: list[_Term], order: tuple[str, ...]) -> Statement:
    where = " AND ".join(term.sql for term in terms)
    by = ", ".join(order)
    sql = f"SELECT name, data, version FROM documents WHERE {where} ORDER BY {by} LIMIT ?"  # noqa: S608
    return Statement(sql, tuple(value for term in terms for value in term.parameters))


def _condition(field: str, operator: str, value: Json) -> _Term:
    if operator == "in":
        return _membership(field, [one for one in value if one is not None])
    if value is None:
        return _Term(_NEVER)
    comparison = "=" if operator == "==" else operator
    typed = _typed(field, value)
    return _Term(f"{field_sql(field)} {comparison} ? AND {typed.sql}", (_extracted(value), *typed.parameters))


def _membership(field: str, values: list[Json]) -> _Term:
    """The outer list is what an index serves; the inner ones tell types apart."""
    if not values:
        return _Term(_NEVER)
    marks = ", ".join("?" * len(values))
    one_each = [_condition(field, "==", value) for value in values]
    exact = " OR ".join(f"({term.sql})" for term in one_each)
    return _Term(
        f"{field_sql(field)} IN ({marks}) AND ({exact})",
        (*map(_extracted, values), *(value for term in one_each for value in term.parameters)),
    )


def _typed(field: str, value: Json) -> _Term:
    """SQLite reads true as 1 and a list as its text: only values of the wanted type count."""
    kind = kind_of(value)
    type_sql = f"json_type(data, {path_sql(field)})"
    if kind in _TYPES:
        return _Term(f"{type_sql} IN {_TYPES[kind]}")
    return _Term(f"{type_sql} IN ('true', 'false')")


def _extracted(value: Json) -> Json:
    """The value as `json_extract` gives it."""
    return int(value) if isinstance(value, bool) else encode_value(value)


def _ranges(order: tuple[str, ...], after: Document, name: str) -> list[_Range]:
    values = [(field, _extracted(value_at(after.data, field.removeprefix("-")))) for field in order]
    tied = tuple(_equal(field, value) for field, value in values)
    ranges = [_Range((*tied, _Term(f"{name} > ?", (after.name,))), ())]
    for length in range(len(values) - 1, -1, -1):
        ranges += [_Range((*tied[:length], behind), order[length:]) for behind in _behind(*values[length])]
    return ranges


def _equal(field: str, value: Json) -> _Term:
    sql = field_sql(field.removeprefix("-"))
    return _Term(f"{sql} IS NULL") if value is None else _Term(f"{sql} = ?", (value,))


def _behind(field: str, value: Json) -> list[_Term]:
    """What follows a value in the order, in ranges: None and absent stand before all else."""
    sql = field_sql(field.removeprefix("-"))
    if not field.startswith("-"):
        # No number is below minus infinity, and text follows the numbers.
        return [_Term(f"{sql} >= -9e999")] if value is None else [_Term(f"{sql} > ?", (value,))]
    return [] if value is None else [_Term(f"{sql} < ?", (value,)), _Term(f"{sql} IS NULL")]


def _order(field: str) -> str:
    return f"{field_sql(field[1:])} DESC" if field.startswith("-") else field_sql(field)
