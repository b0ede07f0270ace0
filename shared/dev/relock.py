"""Compiles the hashed locks from the lists in pyproject.toml: `python3 -m shared.dev.relock`.

Needs `uv` on the path (`pip install uv`). Pins stay where they are unless told otherwise:
`--upgrade` moves all of them, `--upgrade-package NAME` one. The locks hold no index's address.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence

from shared.dev.environment import REPOSITORY, Environment, Lock

COMPILE = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=python3 -m shared.dev.relock",
    "pyproject.toml",
)


def main(argv: Sequence[str]) -> int:
    """Write both locks; the development lock takes the runtime lock's pins over."""
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev.relock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true")
    parser.add_argument("--upgrade-package", action="append", default=[], metavar="NAME")
    options = parser.parse_args(argv)
    uv = shutil.which("uv")
    if uv is None:
        print("atende: uv is not on the path: `pip install uv`, then call again", file=sys.stderr)
        return 2
    upgrades = [f"--upgrade-package={name}" for name in options.upgrade_package]
    upgrades += ["--upgrade"] if options.upgrade else []
    environment = Environment(REPOSITORY)
    runtime = environment.lock_file(Lock.RUNTIME).relative_to(REPOSITORY)
    development = environment.lock_file(Lock.DEVELOPMENT).relative_to(REPOSITORY)
    for output, more in ((runtime, ()), (development, ("--group=development", f"--constraint={runtime}"))):
        command = [uv, *COMPILE, *more, *upgrades, f"--output-file={output}"]
        code = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
        if code != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
