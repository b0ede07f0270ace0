"""Servers and Graph clients that are closed when their test ends."""

from collections.abc import Iterator

import pytest

from shared.adapters.whatsapp.client import GraphClient
from shared.adapters.whatsapp.transport import Timeouts
from tests.support.raw_server import QUICK, TOKEN, Connect, Handler, Serve, Server


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(handler: Handler) -> Server:
        servers.append(Server(handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def connect() -> Iterator[Connect]:
    clients: list[GraphClient] = []

    def make(url: str, timeouts: Timeouts = QUICK) -> GraphClient:
        clients.append(GraphClient(url, "v26.0", TOKEN, timeouts=timeouts))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
