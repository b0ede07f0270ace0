"""What `Store` promises about values and names: every one of them comes back as it went."""

import pytest

from shared.ports.store import Create, Delete, Document, Json, Store, Update
from tests.contract.ports.reading import PATH, data_of, read

ODD_NAMES = (
    "ünïcödé-ção",
    "名前",
    "dots.and..dots.",
    "with space ",
    "%2F%00%",
    "__x__",
    "'quoted\" `name`",
    "?*[]#",
    "-",
    "a\tb\nc",
    "nul\x00name",
    "n" * 1200,
    "🙂\u200d",
)

ODD_VALUES: tuple[Json, ...] = (
    "",
    "🙂👩‍👩‍👧 family",
    "\u202eright to left שלום",
    "NUL \x00 inside \x00\x00",
    "\x01\x02\x00\x01",
    "\\u0000 \\u0001 written out",
    "line\r\nbreak\u2028",
    "'; DROP TABLE documents; --",
    2**63 - 1,
    -(2**63),
    0,
    1.5,
    -0.25,
    1e300,
    True,
    False,
    None,
    [],
    {},
    [None, [1, [2, {"deep": [True, "x\x00"]}]]],
    {"": "empty name", "a.b": "dotted name", "ключ": {"nested": None}},
    {"nul\x00key": 1},
)


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_every_json_value_reads_back_as_it_was_written(store: Store, value: Json) -> None:
    store.commit([Create(PATH, {"value": value, "other": 1}), Create(PATH + "0", {})])
    store.commit([Update(PATH + "0", {"set": value})])
    assert repr(data_of(store)["value"]) == repr(value)
    assert repr(data_of(store, PATH + "0")["set"]) == repr(value)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_names_like_any_other(store: Store, name: str) -> None:
    path = f"businesses/default/messages/{name}"
    store.commit([Create(path, {"n": 1}), Create(path + "x", {"n": 2})])
    assert read(store, path) == Document(path, {"n": 1}, read(store, path).version)
    assert read(store, path).name == name
    store.commit([Delete(path)])
    assert store.get(path) is None
    assert data_of(store, path + "x") == {"n": 2}


def test_names_are_told_apart_exactly(store: Store) -> None:
    names = ["a", "A", "a ", "á", "a\u0301", "a%", "a_"]
    store.commit([Create(f"c/{name}", {"name": name}) for name in names])
    assert [data_of(store, f"c/{name}")["name"] for name in names] == names


@pytest.mark.parametrize(
    "value",
    ["\ud800 lone surrogate", 2**63, -(2**63) - 1, float("nan"), float("inf"), b"bytes", {1: 2}, {"a"}],
    ids=repr,
)
def test_what_is_not_json_is_refused(store: Store, value: Json) -> None:
    with pytest.raises((ValueError, TypeError)):
        store.commit([Create(PATH, {"value": value})])
    with pytest.raises((ValueError, TypeError)):
        store.commit([Create(PATH, {"in": [{"side": value}]})])
    assert store.get(PATH) is None


def test_nesting_without_end_is_refused(store: Store) -> None:
    nested: dict[str, Json] = {}
    for _ in range(5000):
        nested = {"n": [nested]}
    with pytest.raises(ValueError, match="nests"):
        store.commit([Create(PATH, nested)])
