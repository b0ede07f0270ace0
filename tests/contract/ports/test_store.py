"""What `Store` promises about documents and commits; queries have a suite of their own."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial

import pytest

from shared.domain.errors import AlreadyExists, Conflict, Missing
from shared.ports.store import Create, Delete, Document, Json, Maximum, Store, Update, Version, Write

PATH = "businesses/default/messages/m1"

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


def read(store: Store, path: str = PATH) -> Document:
    """Return a document that must be there."""
    document = store.get(path)
    assert document is not None
    return document


def data_of(store: Store, path: str = PATH) -> dict[str, Json]:
    """Return the data of a document that must be there."""
    return read(store, path).data


def stale(store: Store, path: str = PATH) -> Version:
    """Return a version that the document had before its present one."""
    version = read(store, path).version
    store.commit([Update(path, {"moved": True})])
    return version


def test_an_absent_document_reads_as_none(store: Store) -> None:
    assert store.get(PATH) is None


def test_a_created_document_reads_back_under_its_path(store: Store) -> None:
    store.commit([Create(PATH, {"text": "oi", "seq": 1})])
    document = read(store)
    assert (document.path, document.name, document.data) == (PATH, "m1", {"text": "oi", "seq": 1})


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


def test_businesses_do_not_meet(store: Store) -> None:
    store.commit([Create("businesses/a/messages/m1", {"of": "a"})])
    assert store.get("businesses/b/messages/m1") is None
    store.commit([Create("businesses/b/messages/m1", {"of": "b"})])
    assert data_of(store, "businesses/a/messages/m1") == {"of": "a"}


def test_documents_may_lie_below_documents_that_are_absent(store: Store) -> None:
    store.commit([Create("a/b/c/d", {"n": 1})])
    assert store.get("a/b") is None


@pytest.mark.parametrize("path", ["", "messages", "a/b/c", "/a", "a/", "a//b", "/", "a/b/", "/a/b/c"])
def test_what_is_no_document_path_is_refused(store: Store, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        store.get(path)
    with pytest.raises(ValueError, match="path"):
        store.commit([Create(path, {})])


def test_many_are_read_in_the_order_asked_for(store: Store) -> None:
    store.commit([Create("c/1", {"n": 1}), Create("c/2", {"n": 2})])
    found = store.get_many(["c/2", "c/none", "c/1", "c/2"])
    assert [document and document.data["n"] for document in found] == [2, None, 1, 2]
    assert store.get_many([]) == []


def test_what_was_read_belongs_to_the_reader(store: Store) -> None:
    store.commit([Create(PATH, {"list": [1], "map": {"a": {"b": 1}}})])
    before = read(store)
    first, second = store.get_many([PATH, PATH])
    assert first is not None
    first.data["map"]["a"]["b"] = 9
    first.data["list"].append(2)
    assert second is not None
    assert second.data == {"list": [1], "map": {"a": {"b": 1}}}
    del before.data["map"]
    assert data_of(store) == {"list": [1], "map": {"a": {"b": 1}}}


def test_what_was_written_belongs_to_the_store(store: Store) -> None:
    data: dict[str, Json] = {"list": [1], "map": {"a": 1}}
    store.commit([Create(PATH, data)])
    data["list"].append(2)
    change: dict[str, Json] = {"x": [1]}
    store.commit([Update(PATH, {"set": change})])
    change["x"].append(2)
    assert data_of(store) == {"list": [1], "map": {"a": 1}, "set": {"x": [1]}}


def test_an_update_leaves_earlier_reads_alone(store: Store) -> None:
    store.commit([Create(PATH, {"times": {"sent": 1}})])
    earlier = read(store)
    store.commit([Update(PATH, {"times.read": 2})])
    assert earlier.data == {"times": {"sent": 1}}


def test_a_create_of_what_exists_writes_nothing(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    with pytest.raises(AlreadyExists) as refused:
        store.commit([Create(PATH, {"n": 2})])
    assert refused.value.path == PATH
    assert data_of(store) == {"n": 1}


def test_an_update_of_nothing_is_missing(store: Store) -> None:
    with pytest.raises(Missing) as refused:
        store.commit([Update(PATH, {"n": 2})])
    assert refused.value.path == PATH
    assert store.get(PATH) is None


def test_an_update_sets_its_fields_and_leaves_the_others(store: Store) -> None:
    store.commit([Create(PATH, {"a": 1, "b": {"x": 1}, "c": 3})])
    store.commit([Update(PATH, {"a": 2, "b": {"y": 2}, "new": None})])
    assert data_of(store) == {"a": 2, "b": {"y": 2}, "c": 3, "new": None}


def test_an_update_without_fields_changes_nothing(store: Store) -> None:
    store.commit([Create(PATH, {"a": 1})])
    store.commit([Update(PATH, {})])
    assert data_of(store) == {"a": 1}


def test_dotted_paths_reach_into_objects_and_make_missing_ones(store: Store) -> None:
    store.commit([Create(PATH, {"times": {"sent": 1}, "scalar": 5})])
    store.commit([Update(PATH, {"times.read": 2, "times.by.whom": "x", "made.up.here": True})])
    assert data_of(store) == {
        "times": {"sent": 1, "read": 2, "by": {"whom": "x"}},
        "made": {"up": {"here": True}},
        "scalar": 5,
    }


def test_a_dotted_path_through_something_else_replaces_it(store: Store) -> None:
    store.commit([Create(PATH, {"scalar": 5, "list": [1]})])
    store.commit([Update(PATH, {"scalar.x": 1, "list.y": 2})])
    assert data_of(store) == {"scalar": {"x": 1}, "list": {"y": 2}}


@pytest.mark.parametrize("fields", [{"a": 1, "a.b": 2}, {"a.b": 1, "a.b.c": 2}, {"a..b": 1}, {".a": 1}])
def test_ambiguous_fields_are_refused(store: Store, fields: dict[str, int]) -> None:
    store.commit([Create(PATH, {"n": 1})])
    with pytest.raises(ValueError, match=r"dotted path|sets both"):
        store.commit([Update(PATH, fields)])
    assert data_of(store) == {"n": 1}


@pytest.mark.parametrize(
    ("stored", "offered", "kept"),
    [
        (1, 2, 2),
        (2, 1, 2),
        (2, 2, 2),
        (-5, -7, -5),
        (1.5, 2, 2),
        (2.5, 2, 2.5),
        (None, -3, -3),
        ("99", 1, 1),
        (True, 0, 0),
        ([7], 1, 1),
        ({"x": 9}, 1, 1),
        (2**63 - 1, 5, 2**63 - 1),
    ],
)
def test_a_maximum_only_grows(store: Store, stored: Json, offered: int, kept: Json) -> None:
    store.commit([Create(PATH, {"rank": stored, "in": {"side": stored}})])
    store.commit([Update(PATH, {"rank": Maximum(offered), "in.side": Maximum(offered)})])
    assert repr(data_of(store)) == repr({"rank": kept, "in": {"side": kept}})


def test_a_maximum_makes_an_absent_field(store: Store) -> None:
    store.commit([Create(PATH, {})])
    store.commit([Update(PATH, {"rank": Maximum(-1), "times.read": Maximum(7)})])
    assert data_of(store) == {"rank": -1, "times": {"read": 7}}


def test_every_write_makes_another_version(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    versions = [read(store).version]
    for _ in range(3):
        store.commit([Update(PATH, {"n": 1})])
        versions.append(read(store).version)
    assert len(set(versions)) == len(versions)


def test_reading_and_other_writes_leave_the_version_alone(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1}), Create("c/other", {})])
    version = read(store).version
    store.commit([Update("c/other", {"n": 1})])
    assert read(store).version == version


def test_the_version_of_a_deleted_document_never_comes_back(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    version = read(store).version
    store.commit([Delete(PATH)])
    store.commit([Create(PATH, {"n": 1})])
    with pytest.raises(Conflict):
        store.commit([Update(PATH, {"n": 2}, if_version=version)])


def test_a_precondition_that_holds_lets_the_write_through(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    store.commit([Update(PATH, {"n": 2}, if_version=read(store).version)])
    assert data_of(store) == {"n": 2}
    store.commit([Delete(PATH, if_version=read(store).version)])
    assert store.get(PATH) is None


def test_a_lost_precondition_of_an_update_is_a_conflict(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    version = stale(store)
    with pytest.raises(Conflict):
        store.commit([Update(PATH, {"n": 2}, if_version=version)])
    assert data_of(store) == {"n": 1, "moved": True}


def test_a_lost_precondition_of_a_delete_is_a_conflict(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    version = stale(store)
    with pytest.raises(Conflict):
        store.commit([Delete(PATH, if_version=version)])
    assert data_of(store) == {"n": 1, "moved": True}


def test_a_deleted_document_meets_no_precondition(store: Store) -> None:
    store.commit([Create(PATH, {"n": 1})])
    version = read(store).version
    store.commit([Delete(PATH)])
    with pytest.raises(Missing):
        store.commit([Update(PATH, {"n": 2}, if_version=version)])
    with pytest.raises(Conflict):
        store.commit([Delete(PATH, if_version=version)])


def test_deleting_nothing_is_fine(store: Store) -> None:
    store.commit([Delete(PATH)])
    assert store.get(PATH) is None


FAILURES: tuple[tuple[Callable[[Version], Write], type[Exception]], ...] = (
    (lambda _: Create("c/there", {"n": 9}), AlreadyExists),
    (lambda _: Update("c/absent", {"n": 9}), Missing),
    (lambda old: Update("c/there", {"n": 9}, if_version=old), Conflict),
    (lambda old: Delete("c/there", if_version=old), Conflict),
    (lambda _: Update("c/there", {"n": object()}), TypeError),
    (lambda _: Create("c/unstorable", {"n": 2**63}), ValueError),
)


@pytest.mark.parametrize("last", [True, False], ids=["failing last", "failing first"])
@pytest.mark.parametrize(("failing", "error"), FAILURES)
def test_a_commit_that_fails_writes_nothing(
    store: Store, failing: Callable[[Version], Write], error: type[Exception], *, last: bool
) -> None:
    deep = {"n": 1, "deep": {"er": {"n": 1}}}
    store.commit([Create("c/there", {"n": 1}), Create("c/changed", deep), Create("c/removed", {"n": 1})])
    old = stale(store, "c/there")
    paths = ["c/there", "c/changed", "c/removed", "c/made", "c/absent", "c/unstorable"]
    before = store.get_many(paths)
    change = Update("c/changed", {"n": 2, "deep.er.n": 2, "deep.new": Maximum(2)})
    good: list[Write] = [Create("c/made", {}), change, Delete("c/removed")]
    bad = failing(old)
    with pytest.raises(error):
        store.commit([*good, bad] if last else [bad, *good])
    assert store.get_many(paths) == before
    store.commit(good)
    assert store.get("c/made") is not None


def test_all_writes_of_a_commit_are_done(store: Store) -> None:
    store.commit([Create("c/1", {"n": 1}), Create("c/2", {"n": 1})])
    version = read(store, "c/1").version
    store.commit([Create("c/3", {"n": 3}), Update("c/1", {"n": 2}, if_version=version), Delete("c/2")])
    found = store.get_many(["c/1", "c/2", "c/3"])
    assert [document and document.data for document in found] == [{"n": 2}, None, {"n": 3}]


def test_an_empty_commit_is_fine(store: Store) -> None:
    store.commit([])


@pytest.mark.parametrize("second", [Create("c/1", {}), Update("c/1", {"n": 1}), Delete("c/1")])
def test_one_path_occurs_once_in_a_commit(store: Store, second: Write) -> None:
    with pytest.raises(ValueError, match="twice"):
        store.commit([Create("c/1", {}), Create("c/2", {}), second])
    assert store.get_many(["c/1", "c/2"]) == [None, None]


@pytest.mark.parametrize(
    "value",
    ["\ud800 lone surrogate", 2**63, -(2**63) - 1, float("nan"), float("inf"), b"bytes", {1: 2}, {"a", "b"}],
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


def test_counting_from_several_threads_loses_nothing(store: Store) -> None:
    threads, rounds = 4, 50
    store.commit([Create(PATH, {"count": 0})])
    conflicts: list[int] = []

    def count() -> None:
        lost = 0
        done = 0
        while done < rounds:
            document = read(store)
            try:
                store.commit([Update(PATH, {"count": document.data["count"] + 1}, document.version)])
                done += 1
            except Conflict:
                lost += 1
        conflicts.append(lost)

    run_together([count] * threads)
    assert len(conflicts) == threads
    assert data_of(store) == {"count": threads * rounds}


def test_one_of_many_creates_wins(store: Store) -> None:
    winners: list[int] = []

    def create(number: int) -> None:
        for round_ in range(30):
            try:
                store.commit([Create(f"c/{round_}", {"by": number})])
                winners.append(round_)
            except AlreadyExists:
                pass

    run_together([partial(create, number) for number in range(4)])
    assert sorted(winners) == list(range(30))


def test_commits_of_several_documents_are_seen_whole(store: Store) -> None:
    """Two documents that always change together, written by two threads, end up equal."""
    store.commit([Create("c/1", {"n": 0}), Create("c/2", {"n": 0})])

    def move(step: int) -> None:
        for _ in range(50):
            one, two = store.get_many(["c/1", "c/2"])
            assert one is not None
            assert two is not None
            with contextlib.suppress(Conflict):
                store.commit(
                    [
                        Update("c/1", {"n": one.data["n"] + step}, one.version),
                        Update("c/2", {"n": two.data["n"] + step}, two.version),
                    ]
                )

    run_together([lambda: move(1), lambda: move(3)])
    assert data_of(store, "c/1") == data_of(store, "c/2")


def test_maxima_from_several_threads_keep_the_greatest(store: Store) -> None:
    store.commit([Create(PATH, {})])

    def raise_to(values: range) -> None:
        for value in values:
            store.commit([Update(PATH, {"rank": Maximum(value)})])

    run_together([lambda: raise_to(range(0, 100)), lambda: raise_to(range(60, 20, -1))])
    assert data_of(store) == {"rank": 99}


def run_together(jobs: list[Callable[[], None]]) -> None:
    """Run each job in a thread of its own and raise what one of them raised."""
    errors: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001  raised again below, in the test's thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
