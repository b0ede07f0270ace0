"""The embedded adapters, put together: everything in one data folder."""

from dataclasses import dataclass
from pathlib import Path

from shared.adapters.embedded.bus import SqliteBus
from shared.adapters.embedded.bus_async import AsyncSqliteBus
from shared.adapters.embedded.clock import RandomIds, SystemClock
from shared.adapters.embedded.data_folder import DataFolder
from shared.adapters.embedded.store import SqliteStore
from shared.adapters.embedded.tasks import SqliteTasks
from shared.adapters.offline.actions import OfflineActions
from shared.adapters.offline.responder import OfflineResponder
from shared.adapters.whatsapp.client import GraphClient
from shared.app.use_cases import Ports, Rules, UseCases
from shared.config.settings import Settings
from shared.ports.bus import INBOUND_MESSAGE, INBOUND_STATUS
from shared.wiring.bounded import BoundedAssistant
from shared.wiring.webhook import Webhook, WebhookSettings

SUBSCRIPTIONS = {INBOUND_MESSAGE: ("text",), INBOUND_STATUS: ("status",)}
"""Which functions get a topic's events."""

ASSISTANT_LIMIT_S = 15.0
"""Three drafts, each this long at most, fit into the turn function's minute."""

STANDALONE_FOLDER = Path(".atende")
STANDALONE_GRAPH = "http://127.0.0.1:8080/graph"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only Meta and we know; `generated` are those that no setting gave, by its name."""

    app_secrets: tuple[str, ...]
    verify_token: str
    generated: dict[str, str]


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the functions call, and the parts that a process starts and stops."""

    ports: Ports
    rules: Rules
    use_cases: UseCases
    webhook: Webhook
    bus: SqliteBus
    async_bus: AsyncSqliteBus
    tasks: SqliteTasks
    clock: SystemClock
    ids: RandomIds
    graph: GraphClient

    def close(self) -> None:
        """End what assembling started; the folder closes its files itself."""
        self.async_bus.close()
        self.graph.close()


def secrets_of(settings: Settings, folder: DataFolder) -> Secrets:
    """Return the settings' secrets; the folder generates and keeps those that are not set.

    Raises:
        Misconfigured: The folder's secrets can't be read or written.
    """
    generated: dict[str, str] = {}
    if settings.app_secrets is None:
        generated["META_APP_SECRET"] = folder.secret("META_APP_SECRET")
    if settings.verify_token is None:
        generated["WEBHOOK_VERIFY_TOKEN"] = folder.secret("WEBHOOK_VERIFY_TOKEN")
    return Secrets(
        settings.app_secrets or (generated["META_APP_SECRET"],),
        settings.verify_token or generated["WEBHOOK_VERIFY_TOKEN"],
        generated,
    )


def assemble(settings: Settings, folder: DataFolder, *, secrets: Secrets, graph_url: str) -> Embedded:
    """Open the stores and wire the use cases; nothing runs yet.

    Raises:
        Misconfigured: A file in the folder is not ours, damaged, or newer than this program.
    """
    clock, ids = SystemClock(), RandomIds()
    bus = SqliteBus(folder, clock=clock, subscriptions=SUBSCRIPTIONS)
    tasks = SqliteTasks(folder, clock=clock)
    graph = GraphClient(graph_url, settings.graph_version, settings.access_token)
    ports = Ports(
        store=SqliteStore(folder),
        bus=bus,
        tasks=tasks,
        graph=graph,
        assistant=BoundedAssistant(OfflineResponder(), limit_s=ASSISTANT_LIMIT_S),
        actions=OfflineActions(),
        clock=clock,
        ids=ids,
    )
    rules = rules_of(settings)
    use_cases = UseCases(ports, rules, settings.businesses)
    async_bus = AsyncSqliteBus(bus)
    known = WebhookSettings(tuple(one.encode() for one in secrets.app_secrets), secrets.verify_token)
    webhook = Webhook(known, async_bus, clock)
    return Embedded(ports, rules, use_cases, webhook, bus, async_bus, tasks, clock, ids, graph)


def standalone(settings: Settings) -> Embedded:
    """Assemble for one function that runs by itself, on the folder that `run` uses by default.

    Raises:
        Misconfigured: The folder can't be used; `run` may have it open.
    """
    folder = DataFolder(STANDALONE_FOLDER)
    graph_url = settings.graph_url or STANDALONE_GRAPH
    return assemble(settings, folder, secrets=secrets_of(settings, folder), graph_url=graph_url)


def rules_of(settings: Settings) -> Rules:
    """Return the figures that the use cases decide by."""
    return Rules(
        quiet_ms=settings.quiet_ms,
        max_wait_ms=settings.max_wait_ms,
        media_wait_ms=settings.media_wait_ms,
        unclear_ms=settings.unclear_ms,
        turns_per_hour=settings.turns_per_hour,
        messages_per_second=settings.messages_per_second,
    )
