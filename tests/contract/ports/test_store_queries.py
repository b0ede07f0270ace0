"""What `Store.query` promises: conditions, order, pages."""

from collections.abc import Mapping
from typing import cast

import pytest

from shared.ports.store import Create, Document, Json, Operator, Query, Store, Update

MESSAGES = "businesses/default/messages"
UNKNOWN = cast(Operator, "!=")


def fill(store: Store, documents: Mapping[str, dict[str, Json]], *, collection: str = MESSAGES) -> None:
    """Create documents, each under its name."""
    store.commit([Create(f"{collection}/{name}", data) for name, data in documents.items()])


def names(found: list[Document]) -> str:
    """Return the names of what was found, in order."""
    return " ".join(document.name for document in found)


def pages(store: Store, query: Query, size: int) -> list[str]:
    """Return the names of each page until an empty one; no test has more than a hundred."""
    found: list[str] = []
    page = store.query(Query(query.collection, query.where, query.order, size))
    while page and len(found) < 100:
        found.append(names(page))
        page = store.query(Query(query.collection, query.where, query.order, size, page[-1]))
    return found


def test_a_query_of_an_absent_collection_finds_nothing(store: Store) -> None:
    assert store.query(Query(MESSAGES)) == []


def test_a_query_returns_documents_as_reading_does(store: Store) -> None:
    fill(store, {"a": {"n": 1, "text": "x\x00🙂"}})
    assert store.query(Query(MESSAGES)) == [store.get(f"{MESSAGES}/a")]


def test_results_belong_to_the_reader(store: Store) -> None:
    fill(store, {"a": {"list": [1]}})
    store.query(Query(MESSAGES))[0].data["list"].append(2)
    assert store.query(Query(MESSAGES))[0].data == {"list": [1]}


def test_only_that_collection_is_searched(store: Store) -> None:
    fill(store, {"here": {}})
    fill(store, {"there": {}}, collection="businesses/other/messages")
    fill(store, {"below": {}}, collection=f"{MESSAGES}/here/messages")
    fill(store, {"top": {}}, collection="messages")
    assert names(store.query(Query(MESSAGES))) == "here"
    assert names(store.query(Query(f"{MESSAGES}/here/messages"))) == "below"


def test_a_query_sees_every_past_commit(store: Store) -> None:
    fill(store, {"a": {"n": 1}, "b": {"n": 2}})
    store.commit([Update(f"{MESSAGES}/a", {"n": 3})])
    assert names(store.query(Query(MESSAGES, (("n", "==", 1),)))) == ""
    assert names(store.query(Query(MESSAGES, (("n", ">=", 2),), ("-n",)))) == "a b"


NUMBERS = {"a": 1, "b": 2, "c": 2.5, "d": 3, "e": -1, "f": 2**63 - 1, "g": -(2**63), "h": 2.0}


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("==", 2, "b h"),
        ("==", 2.5, "c"),
        ("<", 2, "a e g"),
        ("<=", 2, "a b e g h"),
        (">", 2, "c d f"),
        (">=", 2, "b c d f h"),
        ("==", 2**63 - 1, "f"),
        ("<=", -(2**63), "g"),
        (">", 2**53, "f"),
        ("in", [1, 3, 99], "a d"),
        ("in", [], ""),
        ("==", "2", ""),
        ("==", True, ""),
        (">=", "", ""),
    ],
)
def test_conditions_on_numbers(store: Store, operator: Operator, value: Json, found: str) -> None:
    fill(store, {name: {"n": number} for name, number in NUMBERS.items()})
    assert names(store.query(Query(MESSAGES, (("n", operator, value),)))) == found


TEXTS: dict[str, Json] = {
    "a": "abc",
    "b": "ABC",
    "c": "",
    "d": "ábc",
    "e": "abc\x00",
    "f": "abc\x01",
    "g": "🙂",
    "h": "\uffff",
}


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("==", "abc", "a"),
        ("==", "abc\x00", "e"),
        ("==", "", "c"),
        (">", "abc", "d e f g h"),
        (">", "abc\x00", "d f g h"),
        ("<", "abc", "b c"),
        ("<", "abc\x01", "a b c e"),
        (">=", "\uffff", "g h"),
        ("in", ["abc", "🙂", "abc\x00"], "a e g"),
        ("==", 0, ""),
        ("<", 5, ""),
        (">", 5, ""),
    ],
)
def test_conditions_on_text_go_by_code_point(
    store: Store, operator: Operator, value: Json, found: str
) -> None:
    fill(store, {name: {"t": text} for name, text in TEXTS.items()})
    assert names(store.query(Query(MESSAGES, (("t", operator, value),)))) == found


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("==", True, "a"),
        ("==", False, "b"),
        ("==", 1, "c"),
        ("==", 0, "d"),
        (">=", False, "a b"),
        (">", 0, "c"),
        ("in", [True, 0], "a d"),
        ("in", [False, "1", None], "b e"),
        ("==", "[1]", "g"),
        ("==", '{"x":1}', "h"),
        ("==", "true", ""),
    ],
)
def test_types_are_told_apart(store: Store, operator: Operator, value: Json, found: str) -> None:
    values = {
        "a": True,
        "b": False,
        "c": 1,
        "d": 0,
        "e": "1",
        "f": [1],
        "g": "[1]",
        "h": '{"x":1}',
        "i": {"x": 1},
    }
    fill(store, {name: {"v": value} for name, value in values.items()})
    assert names(store.query(Query(MESSAGES, (("v", operator, value),)))) == found


@pytest.mark.parametrize(
    ("operator", "value"),
    [("==", None), ("<", None), (">=", None), ("in", [None]), ("<", 5), (">", -5), ("<=", ""), ("in", [0])],
)
def test_a_field_that_is_none_or_absent_meets_no_condition(
    store: Store, operator: Operator, value: Json
) -> None:
    fill(store, {"none": {"v": None}, "absent": {"other": 1}})
    assert store.query(Query(MESSAGES, (("v", operator, value),))) == []


def test_every_condition_must_hold(store: Store) -> None:
    fill(store, {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 2, "y": 2}, "d": {"x": 1}})
    assert names(store.query(Query(MESSAGES, (("x", "==", 1), ("y", ">", 1))))) == "b"
    assert names(store.query(Query(MESSAGES, (("y", ">", 0), ("y", "<", 2))))) == "a"
    assert names(store.query(Query(MESSAGES, (("x", "in", [1, 2]), ("y", "in", [2]))))) == "b c"


def test_dotted_fields_reach_into_objects(store: Store) -> None:
    fill(
        store, {"a": {"t": {"read": 2}}, "b": {"t": {"read": 1}}, "c": {"t": 5}, "d": {"t.read": 1}, "e": {}}
    )
    assert names(store.query(Query(MESSAGES, (("t.read", ">", 0),), ("t.read",)))) == "b a"


def test_thirty_values_are_the_most_that_in_takes(store: Store) -> None:
    fill(store, {"a": {"n": 30}})
    assert names(store.query(Query(MESSAGES, (("n", "in", list(range(1, 31))),)))) == "a"
    with pytest.raises(ValueError, match="30"):
        store.query(Query(MESSAGES, (("n", "in", list(range(31))),)))


@pytest.mark.parametrize(
    "query",
    [
        Query("a/b"),
        Query(""),
        Query("a//b"),
        Query(MESSAGES, (("n", UNKNOWN, 1),)),
        Query(MESSAGES, (("n", "==", [1]),)),
        Query(MESSAGES, (("n", "==", {}),)),
        Query(MESSAGES, (("n", "in", 5),)),
        Query(MESSAGES, (("n", "==", float("nan")),)),
        Query(MESSAGES, limit=-1),
    ],
)
def test_what_not_every_store_can_answer_is_refused(store: Store, query: Query) -> None:
    with pytest.raises(ValueError, match=r".+"):
        store.query(query)


def test_without_an_order_documents_come_by_name(store: Store) -> None:
    fill(store, {"b": {}, "a": {}, "Z": {}, "é": {}, "a1": {}, "zz": {}})
    assert names(store.query(Query(MESSAGES))) == "Z a a1 b zz é"


def test_order_goes_up_or_down_and_ties_by_name(store: Store) -> None:
    fill(store, {"d": {"n": 1}, "c": {"n": 2}, "b": {"n": 1}, "a": {"n": 3}})
    assert names(store.query(Query(MESSAGES, order=("n",)))) == "b d c a"
    assert names(store.query(Query(MESSAGES, order=("-n",)))) == "a c b d"


def test_several_fields_sort_one_after_the_other(store: Store) -> None:
    fill(
        store,
        {
            "a": {"x": 1, "y": 1},
            "b": {"x": 1, "y": 2},
            "c": {"x": 2, "y": 1},
            "d": {"x": 2, "y": 2},
            "e": {"x": 1, "y": 2},
        },
    )
    assert names(store.query(Query(MESSAGES, order=("x", "y")))) == "a b e c d"
    assert names(store.query(Query(MESSAGES, order=("x", "-y")))) == "b e a d c"
    assert names(store.query(Query(MESSAGES, order=("-x", "y")))) == "c d a b e"
    assert names(store.query(Query(MESSAGES, order=("-x", "-y")))) == "d c b e a"


MIXED = {
    "none": None,
    "small": -7,
    "zero": 0,
    "half": 0.5,
    "big": 10**15,
    "empty": "",
    "upper": "Zebra",
    "lower": "abacate",
    "nul": "abacate\x00",
    "accent": "água",
}


def test_none_comes_first_then_numbers_then_text(store: Store) -> None:
    fill(store, {name: {"v": value} for name, value in MIXED.items()})
    assert names(store.query(Query(MESSAGES, order=("v",)))) == " ".join(MIXED)
    assert names(store.query(Query(MESSAGES, order=("-v",)))) == " ".join(reversed(MIXED))


def test_a_page_holds_at_most_the_limit(store: Store) -> None:
    fill(store, {"a": {}, "b": {}, "c": {}})
    assert names(store.query(Query(MESSAGES, limit=2))) == "a b"
    assert store.query(Query(MESSAGES, limit=0)) == []
    assert len(store.query(Query(MESSAGES))) == 3


@pytest.mark.parametrize("size", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("order", [(), ("x",), ("-x",), ("x", "y"), ("-x", "y"), ("x", "-y"), ("-x", "-y")])
def test_pages_join_to_the_whole(store: Store, order: tuple[str, ...], size: int) -> None:
    values = [None, 1, 1, "b", 2, None, "a", 2, 1, "a", 0.5, 1]
    others = ["q", 1, 2, 1, None, 3, 2, 2, 1, 2, 0, 1]
    fill(
        store,
        {f"d{number:02}": {"x": x, "y": y} for number, (x, y) in enumerate(zip(values, others, strict=True))},
    )
    whole = names(store.query(Query(MESSAGES, order=order)))
    assert " ".join(pages(store, Query(MESSAGES, order=order), size)) == whole
    assert len(whole.split()) == len(values)


@pytest.mark.parametrize("order", [("seq",), ("-seq",)])
def test_pages_of_conditions_join_to_the_whole(store: Store, order: tuple[str, ...]) -> None:
    fill(store, {f"m{n:02}": {"conversation": "ab"[n % 2], "seq": n // 4} for n in range(40)})
    query = Query(MESSAGES, (("conversation", "==", "a"), ("seq", ">", 2)), order)
    whole = names(store.query(query)).split()
    assert len(whole) == 14
    assert " ".join(pages(store, query, 3)).split() == whole


def test_a_page_goes_on_where_the_cursor_stood_when_it_was_read(store: Store) -> None:
    fill(store, {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}, "d": {"n": 4}})
    first = store.query(Query(MESSAGES, order=("n",), limit=2))
    store.commit([Update(f"{MESSAGES}/b", {"n": 9}), Create(f"{MESSAGES}/aa", {"n": 1})])
    assert names(store.query(Query(MESSAGES, order=("n",), after=first[-1]))) == "c d b"


def test_in_works_with_an_order_and_pages(store: Store) -> None:
    fill(store, {f"m{n}": {"kind": "xyz"[n % 3], "seq": 9 - n} for n in range(9)})
    query = Query(MESSAGES, (("kind", "in", ["x", "z"]),), ("-seq",))
    assert pages(store, query, 4) == ["m0 m2 m3 m5", "m6 m8"]


def test_documents_without_the_field_to_sort_by_come_with_the_nones(store: Store) -> None:
    fill(store, {"a": {"n": 1}, "b": {}, "c": {"n": None}, "d": {"n": "x"}})
    assert pages(store, Query(MESSAGES, order=("n",)), 1) == ["b", "c", "a", "d"]
    assert pages(store, Query(MESSAGES, order=("-n",)), 1) == ["d", "a", "b", "c"]
