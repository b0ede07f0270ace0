"""The product as a process of its own, with a Graph server and Meta's webhooks around it."""

import sys
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

from tests.support.courier import Courier
from tests.support.customers import Customer, Json, batch
from tests.support.graph_server import GraphServer
from tests.support.polling import until
from tests.support.running import Running, get

SECRET = "signs-what-meta-sends"
VERIFY = "shakes-hands"
TOKEN = "EAAlets-us-post"
NUMBER = "106540352242922"
QUIET_S = 0.2


class Product:
    """Starts, kills and starts again; what surrounds it stays."""

    def __init__(self, data: Path, *, numbers: tuple[str, ...] = (NUMBER,), **environ: str) -> None:
        """Prepare; settings are given as keywords. Nothing of the product runs before `start`."""
        self.data = data
        self.number = numbers[0]
        self.courier = Courier(SECRET)
        self.graph = GraphServer(self.courier)
        self.ready_s = 0.0
        self.seen: Json = {}
        """For a test to remember what it saw."""
        self.log: deque[str] = deque(maxlen=300)
        """What the process said last."""
        self._running: Running | None = None
        self._environ = {
            "GRAPH_API_URL": self.graph.url,
            "META_APP_SECRET": SECRET,
            "WEBHOOK_VERIFY_TOKEN": VERIFY,
            "WHATSAPP_ACCESS_TOKEN": TOKEN,
            "WHATSAPP_PHONE_NUMBER_ID": ",".join(numbers),
            "TURN_QUIET_SECONDS": str(QUIET_S),
            **environ,
        }

    @property
    def running(self) -> Running:
        """The process."""
        assert self._running is not None
        return self._running

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.running.port

    def start(self) -> None:
        """Start the product and wait until it is ready."""
        self._running = Running(self.data, port=0, **self._environ)
        self.ready_s = time.monotonic()
        self.courier.port = self.running.port
        for stream in (self.running.process.stdout, self.running.process.stderr):
            assert stream is not None
            threading.Thread(target=self._listen, args=(stream,), daemon=True).start()

    def _listen(self, stream: IO[str]) -> None:
        with suppress(ValueError, OSError):
            self.log.extend(line.rstrip() for line in stream)

    def kill(self) -> None:
        """End it as a power cut of the process would: SIGKILL."""
        self.running.process.kill()
        self.running.process.wait(10)
        self._gone()

    def stop(self) -> int:
        """End it with SIGTERM; return its exit code."""
        self.running.process.terminate()
        code = self.running.process.wait(10)
        self._gone()
        return code

    def use_printed_secret(self) -> None:
        """Sign with the secret that the process made up and printed."""
        self.courier.secret = self.running.printed["META_APP_SECRET"]

    def reopen_graph(self) -> None:
        """Let another Graph server listen where the closed one did."""
        self.graph = GraphServer(self.courier, port=self.graph.port).start()

    def _gone(self) -> None:
        self.courier.port = None
        self.running.__exit__(None, None, None)
        self._running = None

    def __enter__(self) -> Self:
        """Start everything."""
        self.graph.start()
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything; after a failure, show what the process said."""
        if error is not None:
            sys.stderr.write("\n".join([*self.log, ""]))
        if self._running is not None:
            self._gone()
        self.graph.close()
        self.courier.close()

    # What customers do

    def deliver(self, body: Json) -> None:
        """Bring a webhook body, which must be accepted at once."""
        answer = self.courier.post(body)
        assert answer.status == 200, answer

    def write(self, customer: Customer, *updates: Json, number: str | None = None) -> None:
        """Let a customer's messages come in one webhook call."""
        self.deliver(batch(number or self.number, customer, *updates))

    def say(self, customer: Customer, text: str, *, number: str | None = None, **more: Any) -> str:
        """Let a customer write a text; return Meta's id of it."""
        update = customer.says(text, **more)
        self.write(customer, update, number=number)
        return str(update["id"])

    # What can be seen

    def find(self, identifier: str) -> Json | None:
        """Return what the API shows of a person, or None for nobody."""
        answer = get(self.port, "/api/conversations/" + quote(identifier, safe=""))
        if answer.status == 404:
            return None
        assert answer.status == 200, answer
        found: Json = answer.json()
        return found

    def conversation(self, identifier: str) -> Json:
        """Return what the API shows of a person, once there is such a one."""
        found = until(lambda: self.find(identifier))
        assert found is not None
        return found

    def outgoing(self, identifier: str) -> list[Json]:
        """Return what we wrote to a person."""
        found = self.find(identifier) or {"messages": []}
        return [message for message in found["messages"] if message["direction"] == "out"]

    def replied(self, customer: Customer, count: int = 1) -> str:
        """Wait for a number of replies that the customer got; return the last one's text."""
        posts = until(lambda: self.graph.taken(customer.person), lambda found: len(found) >= count)
        return posts[count - 1].text

    def owner(self, identifier: str, owner: str) -> None:
        """Run the command `owner`."""
        done = self.running.run("owner", identifier, owner)
        assert (done.returncode, done.stderr) == (0, ""), done
