"""The guards of tests/conftest.py hold."""

import os
import socket

import pytest

from tests.conftest import PRODUCT_VARIABLES, OutsideLoopback, clean

# A documentation address: nobody lives there.
ELSEWHERE = "192.0.2.1"


def test_no_setting_reaches_the_tests() -> None:
    assert not set(PRODUCT_VARIABLES) & os.environ.keys()
    assert clean({"META_APP_SECRET": "x", "K_SERVICE": "y", "PATH": "z"}) == {"PATH": "z"}


def test_a_connection_beyond_loopback_is_refused() -> None:
    with socket.socket() as client, pytest.raises(OutsideLoopback):
        client.connect((ELSEWHERE, 80))


def test_a_connection_attempt_without_exception_is_refused_too() -> None:
    with socket.socket() as client, pytest.raises(OutsideLoopback):
        client.connect_ex((ELSEWHERE, 80))


def test_a_datagram_beyond_loopback_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender, pytest.raises(OutsideLoopback):
        sender.sendto(b"x", (ELSEWHERE, 80))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(OutsideLoopback):
        socket.getaddrinfo("atende.invalid", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("", 0)) as server:
        socket.create_connection((host, server.getsockname()[1])).close()
