"""Everything that runs in `run`: started in an order that loses nothing, stopped without waiting."""

import socket
import threading
from contextlib import suppress
from typing import Any, cast

from starlette.types import ASGIApp

from functions.sender.main import sender
from functions.status.main import status
from functions.sweeper.main import sweeper
from functions.text.main import text
from functions.turn.main import turn
from functions.webhook.main import webhook
from shared.adapters.embedded.bus_dispatcher import BusDispatcher
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.lanes import Limits
from shared.adapters.embedded.task_dispatcher import TaskDispatcher
from shared.config.settings import Settings
from shared.domain.errors import Misconfigured
from shared.ports.tasks import TURNS
from shared.runtime import control, invoke, web
from shared.runtime.cron import Cron
from shared.runtime.dead_letters import EmbeddedDeadLetters
from shared.runtime.desk import Desk
from shared.runtime.overhearing import overhear
from shared.runtime.server import HOST, Server
from shared.simulator.simulator import Damaged, Simulator
from shared.simulator.web import build as simulator_app
from shared.wiring import container as containers
from shared.wiring.container import Container
from shared.wiring.embedded import Embedded, Secrets, assemble, secrets_of
from shared.wiring.journal import journal

SUBSCRIBERS = {"text": text, "status": status}
SWEEP_EVERY_S = 10
BUS_LIMITS = Limits(threads=6, per_lane=3)
"""Behind the bus, functions compute and write to one file: more threads only get in each other's way."""
TASK_LIMITS = Limits(threads=64, per_lane=16)
"""A Graph server that hangs holds 16 of these for a number; turns and other numbers have the rest."""
HTTP_STOPS_WITHIN_S = 1.8
CRON_STOPS_WITHIN_S = 0.2


class Process:
    """The whole system in this process, on one data folder."""

    def __init__(self, settings: Settings, folder: DataFolder, *, listener: socket.socket) -> None:
        """Open everything; nothing runs yet.

        Raises:
            Misconfigured: Something in the folder can't be used.
        """
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self.secrets = secrets_of(settings, folder)
        self._settings = settings
        self._folder = folder
        self._ready = threading.Event()
        graph_url = settings.graph_url or f"{self.url}/graph"
        self._parts = assemble(settings, folder, secrets=self.secrets, graph_url=graph_url)
        self._simulator = None if settings.graph_url else self._simulate(self._parts, self.secrets)
        self._bus_dispatcher = _bus_dispatcher(self._parts, self._simulator)
        self._task_dispatcher = _task_dispatcher(self._parts, settings)
        self._cron = Cron(lambda: invoke.tick(sweeper), every_s=SWEEP_EVERY_S)
        self._run = control.begin(folder.path, port=listener.getsockname()[1])
        self._server = Server(self._web(), listener=listener)

    def start(self) -> None:
        """Void what a dead process held, start every part, and be ready."""
        containers.install(Container(self._settings, self._parts.use_cases, self._parts.webhook))
        recovered = self._parts.use_cases.recover()
        if recovered:
            journal.info("run.recovered", found=recovered)
        self._server.start()
        self._bus_dispatcher.start()
        self._task_dispatcher.start()
        if self._simulator is not None:
            self._simulator.start()
        self._cron.start()
        self._ready.set()

    def stop(self) -> None:
        """Stop every part at once; what does not end in time is abandoned, as `kill -9` would."""
        self._ready.clear()
        with suppress(OSError):
            control.end(self._folder.path)
        stops = [
            lambda: self._server.stop(within_s=HTTP_STOPS_WITHIN_S),
            self._bus_dispatcher.stop,
            self._task_dispatcher.stop,
            lambda: self._cron.stop(within_s=CRON_STOPS_WITHIN_S),
        ]
        threads = [threading.Thread(target=stop, daemon=True) for stop in stops]
        for thread in threads:
            thread.start()
        if self._simulator is not None:
            self._simulator.listeners.close()
        for thread in threads:
            thread.join(HTTP_STOPS_WITHIN_S + 0.5)
        if self._simulator is not None:
            self._simulator.stop()
        self._parts.close()
        self._folder.close()

    def _simulate(self, parts: Embedded, secrets: Secrets) -> Simulator:
        try:
            return Simulator(
                self._folder.path,
                callback_url=f"{self.url}/webhook",
                app_secret=secrets.app_secrets[0],
                verify_token=secrets.verify_token,
                access_token=self._settings.access_token,
                numbers=tuple(self._settings.businesses),
                business_account_id=self._settings.account_id,
                clock=parts.clock,
                messages_per_second=self._settings.messages_per_second,
            )
        except Damaged as error:
            raise Misconfigured(f"the simulator's file in {self._folder.path} is damaged: {error}") from error

    def _web(self) -> ASGIApp:
        desk = Desk(
            cases=self._parts.use_cases,
            numbers=self._settings.businesses,
            dead_letters=EmbeddedDeadLetters(self._parts.bus, self._parts.tasks),
        )
        return web.build(
            # The decorator's type forgets that this function is asynchronous.
            webhook=cast("web.Webhook", webhook),
            desk=desk,
            token=self._run.token,
            ready=self._ready.is_set,
            simulator=None if self._simulator is None else simulator_app(self._simulator),
        )


def _bus_dispatcher(parts: Embedded, simulator: Simulator | None) -> BusDispatcher:
    def deliver(subscription: str, envelope: dict[str, Any]) -> int:
        if simulator is not None and subscription == "text":
            overhear(simulator, envelope)
        return invoke.push(SUBSCRIBERS[subscription], envelope)

    return BusDispatcher(parts.bus, deliver, clock=parts.clock, ids=parts.ids, limits=BUS_LIMITS)


def _task_dispatcher(parts: Embedded, settings: Settings) -> TaskDispatcher:
    def dispatch(queue: str, headers: dict[str, str], payload: bytes) -> int:
        return invoke.dispatch(turn if queue == TURNS else sender, headers, payload)

    # A number's throughput counts in and out together: half of it is left for what comes in.
    rates = {"live-": settings.messages_per_second / 2}
    return TaskDispatcher(
        parts.tasks, dispatch, clock=parts.clock, ids=parts.ids, rates=rates, limits=TASK_LIMITS
    )
