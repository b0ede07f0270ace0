"""The `.venv` under first calls, crashes, company and change, with real pip and real kills."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dev.scratch import Scratch, write_wheel

pytestmark = pytest.mark.slow

SHOW = "import sys, probe; print(sys.prefix, probe.VERSION)"
SHOW_TOOL = "import probe, tool; print(probe.VERSION, tool.VERSION)"
WHOLE = (
    "import importlib; [importlib.import_module(f'bulky.part{n}') for n in range(1, 3000)]; print('whole')"
)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    root, wheels = tmp_path / "check out", tmp_path / "wheels"
    (root / "shared/dev").mkdir(parents=True)
    wheels.mkdir()
    place = Scratch(root, wheels)
    place.lock(runtime=write_wheel(wheels, "probe", "1.0"), tools=write_wheel(wheels, "tool", "1.0"))
    yield place
    for process in place.started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_first_call_installs_and_the_second_changes_nothing(scratch: Scratch) -> None:
    first = scratch.call(SHOW)
    assert first.stdout == f"{scratch.venv} 1.0\n"
    assert "installing 1 packages from requirements.txt" in first.stderr
    second = scratch.call(SHOW)
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_tools_are_added_only_when_they_are_needed(scratch: Scratch) -> None:
    scratch.call(SHOW)
    assert not list(scratch.venv.glob("lib/*/site-packages/tool"))
    assert scratch.call(SHOW_TOOL, lock="development").stdout == "1.0 1.0\n"
    assert scratch.call(SHOW).stderr == ""


def test_two_first_calls_at_once_do_no_harm(scratch: Scratch) -> None:
    both = [scratch.start(SHOW), scratch.start(SHOW_TOOL, lock="development")]
    outcomes = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outcomes
    assert [out.split()[-1] for out, _ in outcomes] == ["1.0", "1.0"]


def kill_all(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)


MOMENTS = pytest.mark.parametrize(
    "moment", ["bin/python", "lib/*/site-packages/pip", "lib/*/site-packages/bulky/part9.py"]
)


@MOMENTS
def test_a_kill_in_the_middle_is_mended_by_the_next_call(scratch: Scratch, moment: str) -> None:
    scratch.lock(runtime=write_wheel(scratch.wheels, "bulky", "1.0", modules=3000))
    doomed = scratch.start(WHOLE)
    wait_for(lambda: list(scratch.venv.glob(moment)))
    kill_all(doomed)
    doomed.communicate()
    assert scratch.call(WHOLE).stdout == "whole\n"


@MOMENTS
def test_an_installer_that_outlives_its_killed_caller_is_waited_for(scratch: Scratch, moment: str) -> None:
    scratch.lock(runtime=write_wheel(scratch.wheels, "bulky", "1.0", modules=3000))
    doomed = scratch.start(WHOLE)
    wait_for(lambda: list(scratch.venv.glob(moment)))
    doomed.kill()
    following = scratch.call(WHOLE)
    assert "another call is installing" in following.stderr
    assert following.stdout == "whole\n"


@pytest.mark.parametrize("moment", ["bulky/part9.py", "bulky/part2999.py"])
def test_a_kill_while_tools_are_added_leaves_the_runtime_usable(scratch: Scratch, moment: str) -> None:
    scratch.call(SHOW)
    runtime = (scratch.root / "requirements.txt").read_text()
    scratch.lock(runtime=runtime, tools=write_wheel(scratch.wheels, "bulky", "1.0", modules=3000))
    doomed = scratch.start(WHOLE, lock="development")
    wait_for(lambda: list(scratch.venv.glob(f"lib/*/site-packages/{moment}")))
    kill_all(doomed)
    doomed.communicate()
    assert scratch.call(SHOW).stderr == ""
    assert scratch.call(WHOLE, lock="development").stdout == "whole\n"


def test_a_changed_lock_is_installed(scratch: Scratch) -> None:
    scratch.call(SHOW)
    scratch.lock(runtime=write_wheel(scratch.wheels, "probe", "2.0"))
    assert scratch.call(SHOW).stdout == f"{scratch.venv} 2.0\n"


def test_a_moved_checkout_makes_its_own_environment(scratch: Scratch, tmp_path: Path) -> None:
    scratch.call(SHOW)
    scratch.root.rename(tmp_path / "moved")
    moved = Scratch(tmp_path / "moved", scratch.wheels, scratch.started)
    assert moved.call(SHOW).stdout == f"{moved.venv} 1.0\n"


def test_an_environment_that_lost_its_interpreter_is_made_anew(scratch: Scratch) -> None:
    scratch.call(SHOW)
    for link in scratch.venv.glob("bin/python*"):
        link.unlink()
    assert scratch.call(SHOW).stdout == f"{scratch.venv} 1.0\n"


def test_a_command_that_runs_keeps_its_packages_until_it_ends(scratch: Scratch) -> None:
    scratch.call(SHOW)
    hold, release = os.pipe()
    running = subprocess.Popen(
        [scratch.venv / "bin/python", "-c", _using(scratch)], stdin=hold, stdout=subprocess.PIPE, text=True
    )
    os.close(hold)
    assert running.stdout is not None
    assert running.stdout.readline() == "running\n"
    scratch.lock(runtime=write_wheel(scratch.wheels, "probe", "2.0"))
    newer = scratch.start(SHOW)
    assert newer.stderr is not None
    assert "waiting for it to end" in newer.stderr.readline()
    assert list(scratch.venv.glob("lib/*/site-packages/probe-1.0.dist-info"))
    os.close(release)
    running.communicate(timeout=60)
    assert newer.communicate(timeout=60)[0] == f"{scratch.venv} 2.0\n"


def _using(scratch: Scratch) -> str:
    """Return code that uses the environment as a started command does, until its input ends."""
    project = str(Path(__file__).resolve().parents[2])
    return (
        f"import sys; sys.path.insert(0, {project!r})\n"
        "from pathlib import Path\n"
        "from shared.dev.environment import Environment, Lock\n"
        f"Environment(Path({str(scratch.root)!r})).enter(Lock.RUNTIME, [])\n"
        "print('running', flush=True); sys.stdin.read()\n"
    )


def test_a_failed_install_says_so_and_the_next_call_goes_on(scratch: Scratch) -> None:
    wheel = next(scratch.wheels.glob("probe*"))
    hidden = wheel.rename(scratch.wheels / "hidden")
    failed = scratch.call(SHOW)
    assert failed.returncode == 1
    assert "problem: installing failed" in failed.stderr
    hidden.rename(wheel)
    assert scratch.call(SHOW).returncode == 0


def test_a_package_with_another_hash_is_refused(scratch: Scratch) -> None:
    write_wheel(scratch.wheels, "probe", "1.0", modules=2)
    failed = scratch.call(SHOW)
    assert "DO NOT MATCH THE HASHES" in failed.stderr
    assert failed.returncode == 1
