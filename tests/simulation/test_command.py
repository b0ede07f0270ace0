"""The command's lines, which people and scripts read."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from shared.simulation.command import main

PROJECT = Path(__file__).resolve().parents[2]
LAST_LINE = r"seeds=(\d+) failed=(\d+) rate=(\d+\.\d)/s coverage=(\d\.\d{3})"
FAILURE = r"seed (\d+): promise (\d+) [^:]+: .+; replay: (python3 -m shared\.dev simulate .+)"


def simulate(*arguments: str) -> tuple[int, list[str]]:
    """Run the command; returns its exit code and the lines that it printed."""
    program = "import sys; from shared.simulation.command import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_a_good_run_ends_with_0_and_the_pinned_line() -> None:
    code, lines = simulate("--seeds", "5")
    found = re.fullmatch(LAST_LINE, lines[-1])
    assert code == 0
    assert found is not None
    assert found.groups()[:2] == ("5", "0")


def test_no_seeds_at_all_end_well() -> None:
    code, lines = simulate("--seeds", "0")
    assert code == 0
    assert re.fullmatch(LAST_LINE, lines[-1])


def failed_seeds(lines: list[str]) -> list[int]:
    return [int(found[1]) for line in lines if (found := re.fullmatch(FAILURE, line))]


def test_seed_and_seeds_choose_which() -> None:
    _, ten = simulate("--seeds", "10", "--without", "dedup")
    lowest = min(failed_seeds(ten))
    _, one = simulate("--seeds", "1", "--seed", str(lowest), "--without", "dedup")
    assert failed_seeds(one) == [lowest]


def test_a_failure_names_seed_promise_and_a_replay_that_fails_again() -> None:
    code, lines = simulate("--seeds", "10", "--without", "dedup")
    failures = [found for line in lines if (found := re.fullmatch(FAILURE, line))]
    assert code == 1
    assert failures
    seed, promise, replay = failures[0].groups()
    words = shlex.split(replay)
    assert words[:4] == ["python3", "-m", "shared.dev", "simulate"]
    code, trace = simulate(*words[4:])
    assert code == 1
    assert any(line.startswith(f"seed {seed}: promise {promise} ") for line in trace)
    assert re.fullmatch(LAST_LINE, trace[-1])
    assert len(trace) > 50


def test_many_seeds_over_several_processes_count_every_one() -> None:
    code, lines = simulate("--seeds", "60")
    found = re.fullmatch(LAST_LINE, lines[-1])
    assert (code, found is not None and found[1]) == (0, "60")


@pytest.mark.parametrize(
    "arguments", [("--without", "luck"), ("--seeds", "many"), ("--seeds", "-1"), ("--unknown",)]
)
def test_a_usage_error_ends_with_2(arguments: tuple[str, ...]) -> None:
    code, _ = simulate(*arguments)
    assert code == 2


@pytest.mark.parametrize("option", ["--seeds", "--seed"])
@pytest.mark.parametrize("text", ["x", "-1", "1.5", ""])
def test_a_wrong_count_is_told_what_would_be_right(
    capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    with pytest.raises(SystemExit):
        main([option, text])
    told = f"argument {option}: takes a whole number from 0, not {text!r}"
    assert capsys.readouterr().err.splitlines()[-1].endswith(told)
