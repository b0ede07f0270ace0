"""The command list: finds the command, enters the `.venv` it needs, and hands over."""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from shared.dev.environment import REPOSITORY, Environment, EnvironmentProblem, Lock

USAGE_ERROR = 2
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what it is for, the lock that it needs, and the module whose `main(argv)` does it."""

    summary: str
    lock: Lock
    module: str


COMMANDS = {
    "run": Command("everything in one process, on loopback", Lock.RUNTIME, "shared.runtime.serve"),
    "test": Command("check, tests, simulation; --fast: the quick ones", Lock.DEVELOPMENT, "shared.dev.suite"),
    "check": Command("lint, format, types and import contracts", Lock.DEVELOPMENT, "shared.dev.check"),
    "simulate": Command("many seeded runs with faults", Lock.DEVELOPMENT, "shared.simulation.command"),
    "bench": Command("measurements, side by side", Lock.DEVELOPMENT, "shared.dev.bench"),
    "stage": Command("what is deployed, into build/functions/", Lock.RUNTIME, "shared.dev.stage"),
    "doctor": Command("what is there, and what to do about it", Lock.RUNTIME, "shared.dev.doctor"),
    "owner": Command("take a conversation over, or give it back", Lock.RUNTIME, "shared.runtime.owner"),
    "admin": Command("operate a running installation", Lock.RUNTIME, "shared.runtime.admin"),
}


def main(argv: Sequence[str]) -> int:
    """Run the command that `argv` names and return its exit code.

    0 is fine, 1 found failures, 2 usage, settings or environment. May replace this
    process by the same call inside `.venv`.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage(), file=sys.stdout if argv else sys.stderr)
        return 0 if argv else USAGE_ERROR
    name, rest = argv[0], list(argv[1:])
    command = COMMANDS.get(name)
    if command is None:
        print(f"atende: there is no command {name!r}\n\n{usage()}", file=sys.stderr)
        return USAGE_ERROR
    try:
        Environment(REPOSITORY).enter(command.lock, ["-m", "shared.dev", *argv])
        return entry_point(command.module)(rest)
    except EnvironmentProblem as problem:
        print(f"atende: {problem}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def usage() -> str:
    """Return the help text: every command with its summary."""
    lines = [f"  {name:9} {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: python3 -m shared.dev <command> [options]", "", *lines])


def entry_point(module: str) -> Callable[[list[str]], int]:
    """Import `module` and return its `main`; a module that is not there is named clearly."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise EnvironmentProblem(f"this checkout has no {module}, which the command needs") from None
        raise
    return cast("Callable[[list[str]], int]", found.main)
