"""Queries that the use cases live on read an index, however many documents there are."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.indexes import INDEXES, Index
from shared.adapters.embedded.store import SqliteStore
from shared.ports.store import Create, Document, Query

B = "businesses/default"
LAST = Document(f"{B}/messages/m", {"seq": 5, "receipt_ms": 5, "updated_ms": 5, "at_ms": 5}, 1)

HOT = [
    Query(f"{B}/messages", (("conversation", "==", "c"),), ("seq",)),
    Query(f"{B}/messages", (("conversation", "==", "c"),), ("-seq",)),
    Query(f"{B}/messages", (("conversation", "==", "c"), ("seq", ">", 7)), ("seq",)),
    Query(f"{B}/messages", (("conversation", "==", "c"), ("seq", "in", [1, 2, 3]))),
    Query(f"{B}/messages", (("wamid", "==", "w"),)),
    Query(f"{B}/messages", (("wamid", "in", ["v", "w"]),)),
    Query(f"{B}/messages", (("number", "==", "1"), ("receipt_ms", ">", 5)), ("receipt_ms",)),
    Query(f"{B}/conversations", (("check_after_ms", "<=", 5),), ("check_after_ms",)),
    Query(f"{B}/conversations", (("check_after_ms", "<=", 5),)),
    Query(f"{B}/conversations", (), ("-updated_ms",)),
    Query(f"{B}/kept", (("conversation", "==", "a"),), ("-at_ms",)),
    Query(f"{B}/kept", (), ("-at_ms",)),
]


def index_steps(plan: list[str]) -> list[str]:
    """Return the steps of a plan that read documents."""
    return [step for step in plan if step.startswith(("SEARCH", "SCAN"))]


@pytest.mark.parametrize("after", [None, LAST], ids=["first page", "later page"])
@pytest.mark.parametrize("query", HOT, ids=lambda query: f"{query.collection} {query.where} {query.order}")
def test_a_hot_query_searches_its_index(folder: DataFolder, query: Query, after: Document | None) -> None:
    page = Query(query.collection, query.where, query.order, 20, after)
    kind = query.collection.rpartition("/")[2]
    fields = [field for field, _, _ in query.where] or [query.order[0].removeprefix("-")]
    steps = index_steps(SqliteStore(folder).explain(page))
    assert steps
    assert all(step.startswith(f"SEARCH documents USING INDEX documents_by_{kind}__") for step in steps)
    assert all(f"__{fields[0]}" in step for step in steps)


def test_what_grows_with_the_collection_is_neither_read_nor_sorted(folder: DataFolder) -> None:
    """Each hot page touches as many rows as it returns, not as many as there are."""
    store = SqliteStore(folder)
    for query in HOT[:3]:
        plan = store.explain(query)
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan
        assert any("<expr>=?" in step for step in plan)


def test_a_collection_is_read_by_name_without_sorting(folder: DataFolder) -> None:
    plan = SqliteStore(folder).explain(Query(f"{B}/people", limit=5))
    assert plan == ["SEARCH documents USING INDEX sqlite_autoindex_documents_1 (collection=?)"]


def test_indexes_follow_the_list_at_the_next_start(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path)) as folder:
        store = SqliteStore(folder)
        store.commit([Create(f"c/{n}", {"x": n, "deep": {"er": n}}) for n in range(20)])
    wanted = Index("c", ("x", "deep.er"))
    query = Query("c", (("x", "==", 3), ("deep.er", ">", 0)))
    with closing(DataFolder(tmp_path)) as folder:
        store = SqliteStore(folder, indexes=(wanted,))
        assert wanted.name in index_steps(store.explain(query))[0]
        assert [document.name for document in store.query(query)] == ["3"]
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX%'").fetchall()
        assert rows == [(wanted.name,)]
    with closing(DataFolder(tmp_path)) as folder:
        SqliteStore(folder)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX%'").fetchall()
        assert {name for (name,) in rows} == {index.name for index in INDEXES}


@pytest.mark.parametrize("field", ["a b", 'a"b', "a'b", "", "a..b", "á", "a;"])
def test_a_field_name_never_becomes_sql(folder: DataFolder, field: str) -> None:
    with pytest.raises(ValueError, match="field"):
        SqliteStore(folder).query(Query("c", ((field, "==", 1),)))
    with pytest.raises(ValueError, match="field"):
        SqliteStore(folder).query(Query("c", (), (field,)))


def test_versions_of_different_starts_never_meet(tmp_path: Path) -> None:
    versions = set()
    for _ in range(3):
        with closing(DataFolder(tmp_path)) as folder:
            store = SqliteStore(folder)
            store.commit([Create("c/1", {})])
            document = store.get("c/1")
            assert document is not None
            versions.add(document.version)
        with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection:
            connection.execute("DELETE FROM documents")
            connection.commit()
    assert len(versions) == 3
