"""`admin`: what was kept or given up, and how to try it again, while `run` is running."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.runtime import control

DONE, REFUSED, USAGE = 0, 1, 2
OK = 200

_READS = {"kept": "/api/kept", "dead": "/api/admin/dead"}
_CHANGES = {"replay": "id", "replay-dead": "id", "resume": "number"}


def main(argv: Sequence[str]) -> int:
    """Ask the running process.

    Returns:
        0 done, 1 refused (nothing by that name), 2 usage, or nothing is running.
    """
    options = _parser().parse_args(argv)
    try:
        reply = _ask(options)
    except control.NotRunning as error:
        return _tell(str(error), USAGE)
    if reply.status != OK:
        return _tell(reply.problem(), REFUSED)
    for line in _lines(options.what, reply.content):
        print(line, flush=True)
    return DONE


def _ask(options: argparse.Namespace) -> control.Reply:
    what: str = options.what
    if what in _READS:
        return control.call(options.data, "GET", f"{_READS[what]}?limit=500")
    return control.call(options.data, "POST", f"/api/admin/{what}", body={_CHANGES[what]: options.subject})


def _lines(what: str, content: list[Mapping[str, Any]]) -> list[str]:
    if what in _CHANGES:
        return ["done"]
    return [json.dumps(row, ensure_ascii=True) for row in content] or [f"nothing {what}"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev admin", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    explained = {
        "kept": "list what was kept because it was not understood or its handler failed",
        "dead": "list the deliveries that the bus has given up",
        "replay": "handle again what was kept under this id",
        "replay-dead": "deliver again what the bus has given up",
        "resume": "let a number send again that an operator's error had stopped",
    }
    for name, meaning in explained.items():
        command = commands.add_parser(name, help=meaning, description=meaning)
        if name in _CHANGES:
            command.add_argument("subject", metavar=_CHANGES[name])
        command.add_argument("--data", type=Path, default=Path(".atende"), help="the data folder of `run`")
    return parser


def _tell(problem: str, code: int) -> int:
    print(problem, file=sys.stderr, flush=True)
    return code
