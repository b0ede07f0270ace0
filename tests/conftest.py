"""Guards around every test: no ambient settings, nothing beyond loopback."""

import ipaddress
import os
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from shared.config.settings import describe

# Set by the platform that runs a function; a developer's shell may carry them too.
PLATFORM_VARIABLES = ("FUNCTION_TARGET", "FUNCTION_USE_ASGI", "K_REVISION", "K_SERVICE", "PORT")
PRODUCT_VARIABLES = (*(variable for variable, _, _ in describe()), *PLATFORM_VARIABLES)


class OutsideLoopback(Exception):
    """A test tried to reach beyond this machine."""


def is_loopback(host: object) -> bool:
    """Tell whether `host`, as socket calls take it, is this machine."""
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if name in {"", "localhost", "None"}:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop a connection, a datagram or a name lookup before it leaves this machine."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        # An address of the Unix family is a path, not a tuple.
        host = address[0] if isinstance(address, tuple) else ""
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if not is_loopback(host):
        raise OutsideLoopback(f"{event} to {host!r}: tests reach loopback only")


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without what would set the product up."""
    return {name: value for name, value in environ.items() if name not in PRODUCT_VARIABLES}


def pytest_configure(config: pytest.Config) -> None:
    """Wipe the product's settings and close the way out, in every worker, before any import of tests."""
    for name in os.environ.keys() - clean(os.environ).keys():
        del os.environ[name]
    sys.addaudithook(refuse_outside)
