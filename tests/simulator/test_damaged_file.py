"""A file that no simulator wrote is refused with one error, and what is there stays as it is."""

import sqlite3
from pathlib import Path

import pytest

from shared.simulator.simulator import Damaged
from tests.simulator.rig import simulator

CALLBACK = "http://127.0.0.1:9/webhook"


def change(folder: Path, statement: str, *values: str) -> None:
    connection = sqlite3.connect(folder / "simulator.db")
    try:
        connection.execute(statement, values)
        connection.commit()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "body", ["", "{", "[1]", "{}", '{"id": "zz", "name": "", "phone": "", "user_id": ""}', '{"id": 7}']
)
def test_a_record_that_cannot_be_read(tmp_path: Path, body: str) -> None:
    simulator(tmp_path, CALLBACK).stop()
    change(tmp_path, "UPDATE records SET body = ? WHERE kind = 'customer'", body)
    before = (tmp_path / "simulator.db").read_bytes()

    with pytest.raises(Damaged, match="records"):
        simulator(tmp_path, CALLBACK)
    assert (tmp_path / "simulator.db").read_bytes() == before


def test_somebody_else_s_database(tmp_path: Path) -> None:
    change(tmp_path, "CREATE TABLE records (something)")
    with pytest.raises(Damaged):
        simulator(tmp_path, CALLBACK)


def test_no_database(tmp_path: Path) -> None:
    (tmp_path / "simulator.db").write_bytes(b"\x00not what it was\xff" * 200)
    with pytest.raises(Damaged, match="not a database"):
        simulator(tmp_path, CALLBACK)


def test_half_a_database(tmp_path: Path) -> None:
    file = tmp_path / "simulator.db"
    found = simulator(tmp_path, CALLBACK)
    for _ in range(200):
        found.act(lambda core: core.people.create({}))
    found.stop()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    with pytest.raises(Damaged):
        simulator(tmp_path, CALLBACK)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "simulator.db").mkdir()
    with pytest.raises(Damaged):
        simulator(tmp_path, CALLBACK)
