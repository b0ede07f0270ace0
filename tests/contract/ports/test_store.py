"""What `Store` promises about documents and commits; queries have a suite of their own."""

from collections.abc import Callable

import pytest

from shared.domain.errors import AlreadyExists, Conflict, Missing
from shared.ports.store import Create, Delete, Json, Maximum, Store, Update, Version, Write
from tests.contract.ports.reading import PATH, data_of, read


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
