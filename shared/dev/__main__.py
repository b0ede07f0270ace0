"""Refuses a Python that is too old; kept in syntax that an old Python still reads."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the refusal is what this file is for
    sys.stderr.write("atende: Python 3.11 or newer is needed, this is {}.{}.\n".format(*sys.version_info))
    sys.exit(2)

from shared.dev.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
