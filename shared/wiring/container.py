"""What the functions work with: made from the settings once, on first use."""

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from shared.app.use_cases import UseCases
from shared.config import settings as configuration
from shared.config.settings import Settings
from shared.domain.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Container:
    """The use cases and the webhook's edge, on whichever adapters the settings chose."""

    settings: Settings
    use_cases: UseCases
    webhook: Callable[[Request], Awaitable[Response]]


class _Holder:
    """Holds the process's one container."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._container: Container | None = None

    def get(self) -> Container:
        container = self._container
        if container is None:
            with self._lock:
                container = self._container = self._container or build(configuration.current())
        return container

    def install(self, container: Container | None) -> None:
        with self._lock:
            self._container = container


_HOLDER = _Holder()


def get() -> Container:
    """Return the process's container, made from its environment on the first call.

    Raises:
        Misconfigured: A setting is missing or invalid, or the data folder can't be used.
    """
    return _HOLDER.get()


def install(container: Container | None) -> None:
    """Use this container from now on; None makes the next `get` build one."""
    _HOLDER.install(container)


def build(settings: Settings) -> Container:
    """Make a container on the adapters that the settings name.

    Raises:
        Misconfigured: They can't be used.
    """
    if settings.backend != "embedded":
        raise Misconfigured("ATENDE_BACKEND google is not available yet; use embedded")
    from shared.wiring import embedded

    parts = embedded.standalone(settings)
    return Container(settings, parts.use_cases, parts.webhook)
