"""The running simulator: the core behind a lock, its file, its webhooks, its listeners."""

import logging
import random
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from shared.domain.errors import BadEnvelope
from shared.domain.incoming import incoming_of
from shared.ports.clock import Clock
from shared.simulator import views
from shared.simulator.core import Core
from shared.simulator.courier import Courier
from shared.simulator.live import Listeners
from shared.simulator.records import Dispatch, Number
from shared.simulator.storage import Media, Storage

Result = TypeVar("Result")

_log = logging.getLogger(__name__)

WORKERS = 6
_LONGEST_NAP_SECONDS = 5.0
_UNREADABLE = (sqlite3.Error, AttributeError, KeyError, TypeError, ValueError)


class Damaged(Exception):
    """The simulator's file can't be used; the message says why."""


class Simulator:
    """A fake WhatsApp in this process. Its methods may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        callback_url: str,
        app_secret: str,
        verify_token: str,
        access_token: str,
        numbers: Sequence[str],
        business_account_id: str,
        clock: Clock,
        messages_per_second: int = 80,
    ) -> None:
        """Open `simulator.db` in the folder; nothing is delivered before `start`.

        Args:
            folder: The data folder; it must exist.
            callback_url: Where webhooks go unless Graph is told otherwise.
            app_secret: Signs webhooks.
            verify_token: For whoever checks the handshake of the default callback.
            access_token: The only token that Graph takes.
            numbers: Ids of the business numbers.
            business_account_id: The account (WABA) that owns them.
            clock: The time.
            messages_per_second: Throughput of each number, in and out.

        Raises:
            Damaged: The file holds something else than what a simulator wrote.
        """
        self.callback_url = callback_url
        self.verify_token = verify_token
        self.access_token = access_token
        place = urlsplit(callback_url)
        self.public_url = f"{place.scheme}://{place.netloc}"
        self.listeners = Listeners()
        self._secret = app_secret
        self._clock = clock
        self._numbers = [_number(one, index) for index, one in enumerate(numbers)]
        self.account_id = business_account_id
        self._per_second = messages_per_second
        self._storage = _opened(folder / "simulator.db")
        self._work = threading.Condition()
        self._running = False
        self._threads: list[threading.Thread] = []
        try:
            self._core = self._loaded()
        except _UNREADABLE as error:
            self._storage.close()
            raise Damaged(f"{type(error).__name__} in its records") from error
        self.act(_welcome)

    def _loaded(self) -> Core:
        return Core(
            clock=self._clock,
            chance=random.Random(),  # noqa: S311 - identifiers of a simulation
            numbers=self._numbers,
            account_id=self.account_id,
            callback_url=self.callback_url,
            messages_per_second=self._per_second,
            rows=self._storage.rows(),
        )

    def start(self) -> None:
        """Begin to deliver webhooks and receipts."""
        with self._work:
            self._running = True
        self._threads = [
            threading.Thread(target=self._deliver, name=f"simulator-webhooks-{index}", daemon=True)
            for index in range(WORKERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop delivering, end the live streams, close the file.

        A webhook without an answer yet is delivered again after the next start.
        """
        self.listeners.close()
        with self._work:
            self._running = False
            self._work.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)
        with self._work:
            self._storage.close()

    def act(self, do: Callable[[Core], Result]) -> Result:
        """Run something on the core; when this returns, its changes are stored and told."""
        with self._work:
            try:
                return do(self._core)
            finally:
                self._settle()

    def overhear(self, event: Mapping[str, Any]) -> None:
        """Learn from an event that `webhook` published: who reached the product past this phone.

        Quick for what was sent from here. What can't be read teaches nothing.
        """
        try:
            incoming = incoming_of(event, event_id="")
        except BadEnvelope:
            return
        # A single look-up needs no lock; who learns looks again under it.
        if self._core.overhearing.is_news(incoming):
            self.act(lambda core: core.overhearing.hear(incoming))

    def _settle(self) -> None:
        changes = self._core.take_changes()
        self._storage.save(changes)
        if changes:
            self._work.notify()
        if self.listeners.any():
            told = [views.notice(self._core.state, one.record) for one in changes]
            self.listeners.tell([one for one in told if one is not None])

    def reset(self) -> None:
        """Forget customers, chats, faults, callbacks, media and pending webhooks."""
        with self._work:
            self._storage.clear()
            self._core = self._loaded()
            _welcome(self._core)
            self._settle()
        self.listeners.tell([("reset", {})])

    def save_media(self, media: Media) -> None:
        """Keep a file that a customer is about to send."""
        with self._work:
            self._storage.save_media(media)

    def media_url(self, media_id: str) -> str:
        """Return where a file is downloaded, with the access token."""
        return f"{self.public_url}/graph/media/{media_id}"

    def media(self, media_id: str) -> Media | None:
        """Return a customer's file, or None."""
        with self._work:
            return self._storage.media(media_id)

    def _deliver(self) -> None:
        courier = Courier(self._secret)
        try:
            while (found := self._next()) is not None:
                core, dispatch = found
                accepted = courier.deliver(dispatch.url, dispatch.body)
                if not accepted:
                    _log.warning("simulator.webhook_not_accepted", extra={"updates": len(dispatch.ids)})
                self._finish(core, dispatch, accepted=accepted)
        finally:
            courier.close()

    def _next(self) -> tuple[Core, Dispatch] | None:
        with self._work:
            while self._running:
                dispatch = self._core.due_webhook()
                self._settle()
                if dispatch is not None:
                    self._work.notify()
                    return self._core, dispatch
                left = (self._core.next_ms() - self._clock.now_ms()) / 1000
                self._work.wait(max(0.001, min(left, _LONGEST_NAP_SECONDS)))
            return None

    def _finish(self, core: Core, dispatch: Dispatch, *, accepted: bool) -> None:
        with self._work:
            # After a reset the same ids mean other webhooks.
            if self._running and core is self._core:
                core.webhook_result(dispatch, accepted=accepted)
                self._settle()


def _opened(path: Path) -> Storage:
    try:
        return Storage(path)
    except sqlite3.Error as error:
        raise Damaged(str(error)) from error


def _number(number_id: str, index: int) -> Number:
    return Number(id=number_id, display=f"55114002{8922 + index:04d}", name="Atende")


def _welcome(core: Core) -> None:
    """Give a new simulator its first customer, so that the page can be used at once."""
    if not core.state.customers:
        core.people.create({"name": "Maria Souza"})
