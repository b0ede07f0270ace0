"""What `Store.commit` promises when several threads commit at once."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial

from shared.domain.errors import AlreadyExists, Conflict
from shared.ports.store import Create, Maximum, Store, Update
from tests.contract.ports.reading import PATH, data_of, read


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
