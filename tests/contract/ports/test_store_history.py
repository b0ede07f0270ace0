"""What the memory store records for the simulation's checkers, beyond the port."""

import pytest

from shared.adapters.memory.store import Change, MemoryStore
from shared.domain.errors import AlreadyExists
from shared.ports.store import Create, Delete, Maximum, Query, Update


def test_every_commit_is_recorded_with_what_it_changed() -> None:
    store = MemoryStore(record=True)
    create, other = Create("c/1", {"n": 1, "times": {"sent": 1}}), Create("c/2", {})
    update, delete = Update("c/1", {"n": Maximum(5), "times.read": 2}), Delete("c/2")
    store.commit([create, other])
    store.commit([update, delete])
    assert [commit.number for commit in store.history] == [1, 2]
    assert store.history[0].changes == (Change(create, None, create.data), Change(other, None, {}))
    assert store.history[1].changes == (
        Change(update, {"n": 1, "times": {"sent": 1}}, {"n": 5, "times": {"sent": 1, "read": 2}}),
        Change(delete, {}, None),
    )
    assert [change.path for change in store.history[1].changes] == ["c/1", "c/2"]


def test_later_commits_and_readers_leave_the_record_alone() -> None:
    store = MemoryStore(record=True)
    store.commit([Create("c/1", {"deep": {"er": [1]}})])
    document = store.get("c/1")
    assert document is not None
    document.data["deep"]["er"].append(2)
    store.query(Query("c"))[0].data["deep"]["er"].append(2)
    store.commit([Update("c/1", {"deep.er": [3], "deep.n": 1})])
    assert store.history[0].changes[0].after == {"deep": {"er": [1]}}
    assert store.history[1].changes[0].before == {"deep": {"er": [1]}}


def test_what_failed_or_changed_nothing_is_not_recorded() -> None:
    store = MemoryStore(record=True)
    store.commit([Create("c/1", {})])
    with pytest.raises(AlreadyExists):
        store.commit([Create("c/2", {}), Create("c/1", {})])
    store.commit([])
    assert len(store.history) == 1


def test_nothing_is_recorded_unless_asked_for() -> None:
    store = MemoryStore()
    store.commit([Create("c/1", {})])
    assert store.history == []


def test_the_same_commits_make_the_same_versions() -> None:
    versions = []
    for _ in range(2):
        store = MemoryStore()
        store.commit([Create("c/1", {}), Create("c/2", {})])
        store.commit([Update("c/1", {"n": 1})])
        versions.append([document and document.version for document in store.get_many(["c/1", "c/2"])])
    assert versions[0] == versions[1]
