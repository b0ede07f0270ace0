"""`run`: everything in one process on this machine, until it is told to stop."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.adapters.embedded.data_folder import DataFolder
from shared.config import settings as configuration
from shared.config.settings import Settings
from shared.domain.errors import Misconfigured
from shared.runtime import logs
from shared.runtime.ending import Ending
from shared.runtime.process import Process
from shared.runtime.server import PortTaken, listen
from shared.runtime.terminal import Terminal
from shared.wiring.journal import journal

DONE, REFUSED = 0, 2
HIGHEST_PORT = 65_535
ENDS_WITHIN_S = 4.0
"""From the signal on; whatever still hangs then is left behind."""


def main(argv: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM.

    Returns:
        0 after such a signal, 2 when a setting, the port or the data folder can't be used,
        which is then said in one line.
    """
    options = _parser().parse_args(argv)
    ending = Ending(within_s=ENDS_WITHIN_S)
    try:
        process = _open(configuration.current(), port=options.port, data=options.data)
    except (Misconfigured, PortTaken) as error:
        print(f"atende: {error}", file=sys.stderr, flush=True)
        return REFUSED
    terminal = Terminal()
    journal.redirect(terminal.write)
    logs.adopt(journal)
    process.start()
    for name, value in process.secrets.generated.items():
        terminal.write(f"{name}={value}")
    terminal.write(f"ready {process.url} (conversations at /, the phone at /simulator)")
    ending.wait()
    process.stop()
    terminal.flush(within_s=0.3)
    return DONE


def _open(settings: Settings, *, port: int, data: Path) -> Process:
    """Take the port and the folder, in this order, before anything is done.

    Raises:
        Misconfigured: The settings or the folder.
        PortTaken: The port.
    """
    if settings.backend != "embedded":
        raise Misconfigured("ATENDE_BACKEND google is not available yet; `run` takes embedded")
    listener = listen(port)
    folder: DataFolder | None = None
    try:
        folder = DataFolder(data)
        return Process(settings, folder, listener=listener)
    except BaseException:
        if folder is not None:
            folder.close()
        listener.close()
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev run", description=__doc__)
    parser.add_argument("--port", type=_port, default=8080, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, default=Path(".atende"), help="holds everything")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"takes 0 to {HIGHEST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
