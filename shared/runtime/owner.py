"""`owner`: take a conversation over, or give it back, while `run` is running."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from shared.runtime import control

DONE, REFUSED, USAGE = 0, 1, 2
OK, INVALID, NOT_FOUND = 200, 400, 404


def main(argv: Sequence[str]) -> int:
    """Change the owner; the change has committed when this returns 0.

    Returns:
        0 done, 1 nobody has that phone or user id (or the change failed), 2 usage, or
        nothing is running.
    """
    options = _parser().parse_args(argv)
    path = f"/api/conversations/{quote(options.identifier, safe='', errors='surrogateescape')}/owner"
    try:
        reply = control.call(options.data, "POST", path, body={"owner": options.owner})
    except control.NotRunning as error:
        return _tell(str(error), USAGE)
    if reply.status == NOT_FOUND:
        return _tell(f"nobody has the phone or user id {options.identifier}", REFUSED)
    if reply.status == INVALID:
        return _tell(reply.problem(), USAGE)
    if reply.status != OK:
        return _tell(reply.problem(), REFUSED)
    print(f"{options.identifier} now belongs to {options.owner}", flush=True)
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev owner", description=__doc__)
    parser.add_argument("identifier", help="a phone in any spelling, or a user id")
    parser.add_argument("owner", help="agent, queue, paused or person:NAME")
    parser.add_argument("--data", type=Path, default=Path(".atende"), help="the data folder of `run`")
    return parser


def _tell(problem: str, code: int) -> int:
    print(problem, file=sys.stderr, flush=True)
    return code
