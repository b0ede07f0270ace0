"""What `stage` takes along, on a small checkout of its own."""

from pathlib import Path

import pytest

from shared.dev.stage import stage
from shared.dev.staging import Stager, StagingProblem

LOCK = Path(__file__).resolve().parents[2] / "requirements.txt"

FILES = {
    "functions/__init__.py": "",
    "functions/alpha/__init__.py": "",
    "functions/alpha/main.py": "import functions_framework\nfrom shared.wiring import doors\n",
    "functions/beta/__init__.py": "",
    "functions/beta/main.py": "from shared.wiring.doors import LIMIT\n",
    "shared/__init__.py": "",
    "shared/wiring/__init__.py": "",
    "shared/wiring/doors.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from shared.unused import thing\n"
        "LIMIT = 3\n"
        "def late():\n    import shared.deep.inner\n"
    ),
    "shared/deep/__init__.py": "",
    "shared/deep/inner.py": '"""About knowledge."""\nimport requests\nPLACE = "phrases"\n',
    "shared/phrases/pt-BR.json": "[]",
    "shared/knowledge/pt-BR.json": "[]",
    "shared/deep/table.csv": "1,2\n",
    "shared/unused.py": "thing = 1\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "requirements.txt").write_bytes(LOCK.read_bytes())
    return tmp_path


def staged(checkout: Path, name: str) -> set[str]:
    folder = checkout / "build/functions" / name
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_function_gets_what_it_imports_and_nothing_else(checkout: Path) -> None:
    stage(checkout)
    assert staged(checkout, "alpha") == {
        "main.py",
        "requirements.txt",
        "shared/__init__.py",
        "shared/wiring/__init__.py",
        "shared/wiring/doors.py",
        "shared/deep/__init__.py",
        "shared/deep/inner.py",
        "shared/deep/table.csv",
        "shared/phrases/pt-BR.json",
    }


def test_the_lock_is_cut_to_what_is_imported(checkout: Path) -> None:
    (checkout / "shared/deep/inner.py").write_text("import json\n")
    without = Stager(checkout).plan("alpha").files["requirements.txt"].decode()
    (checkout / "shared/deep/inner.py").write_text("import requests\n")
    having = Stager(checkout).plan("alpha").files["requirements.txt"].decode()
    assert "\nrequests==" not in without
    assert "functions-framework==" in without
    assert "flask==" in without
    assert {line for line in having.splitlines() if "==" in line} > {
        line for line in without.splitlines() if "==" in line
    }
    assert "\nurllib3==" in having
    assert "\norjson==" not in having


def test_the_same_input_has_the_same_fingerprint(checkout: Path) -> None:
    first = [each.fingerprint for each in stage(checkout)]
    assert [each.fingerprint for each in stage(checkout)] == first
    (checkout / "functions/beta/main.py").write_text("from shared.wiring.doors import LIMIT, late\n")
    alpha, beta = (each.fingerprint for each in stage(checkout))
    assert alpha == first[0]
    assert beta != first[1]


def test_what_is_stale_goes_and_what_is_right_stays_untouched(checkout: Path) -> None:
    stage(checkout)
    target = checkout / "build/functions"
    untouched = (target / "alpha/main.py").stat().st_mtime_ns
    for stale in ("alpha/old.py", "alpha/shared/gone/__init__.py", "gamma/main.py"):
        (target / stale).parent.mkdir(parents=True, exist_ok=True)
        (target / stale).write_text("")
    (target / "alpha/shared/deep/inner.py").write_text("edited")
    before = FILES["shared/deep/inner.py"]
    stage(checkout)
    assert not (target / "gamma").exists()
    assert not (target / "alpha/shared/gone").exists()
    assert not (target / "alpha/old.py").exists()
    assert (target / "alpha/shared/deep/inner.py").read_text() == before
    assert (target / "alpha/main.py").stat().st_mtime_ns == untouched


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("from shared.wiring import windows", "imports windows, which shared.wiring doesn't have"),
        ("import shared.nothing", "imports shared.nothing"),
        ("import pytest", "imports pytest, which requirements.txt doesn't bring"),
        ("from . import doors", "a relative import"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_written(checkout: Path, line: str, complaint: str) -> None:
    (checkout / "shared/wiring/doors.py").write_text(f"LIMIT = 3\n{line}\n")
    with pytest.raises(StagingProblem, match=complaint):
        stage(checkout)
    assert not (checkout / "build").exists()
