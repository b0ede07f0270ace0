"""The client of Meta's Graph API."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from shared.adapters.whatsapp.answers import outcome_of
from shared.adapters.whatsapp.transport import Answer, Exchange, Timeouts, Transport
from shared.domain.errors import Misconfigured
from shared.domain.wire import read_receipt
from shared.ports.graph import Graph, Refused, SendOutcome

_log = logging.getLogger(__name__)

_RECEIPT_TIMEOUTS = Timeouts(connect_s=2.0, read_s=3.0, total_s=4.0)


class GraphClient(Graph):
    """Posts to `{base_url}/{version}/{number}/messages`; safe to share between threads."""

    def __init__(self, base_url: str, version: str, token: str, *, timeouts: Timeouts | None = None) -> None:
        """Prepare the client; nothing is opened yet.

        Args:
            base_url: `https://graph.facebook.com`, or a stand-in's address with any path.
            version: Such as `v26.0`.
            token: The system user's access token; it is never shown or logged.
            timeouts: Of `send`; `total_s` must stay below the port's 30 seconds.

        Raises:
            Misconfigured: The address or the token can't be used in a request.
        """
        if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
            raise Misconfigured("GRAPH_API_URL must be an http or https address")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise Misconfigured("WHATSAPP_ACCESS_TOKEN holds characters that a header can't")
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "atende",
        }
        self._timeouts = timeouts or Timeouts()
        self._transport = Transport()

    def __repr__(self) -> str:
        """Show where this client posts, and nothing else."""
        return f"GraphClient({self._root!r})"

    def send(self, number_id: str, body: Mapping[str, Any]) -> SendOutcome:  # noqa: D102 - see the port
        return outcome_of(self._post(number_id, body, timeouts=self._timeouts))

    def mark_read(self, number_id: str, wamid: str) -> None:  # noqa: D102 - see the port
        timeouts = replace(_RECEIPT_TIMEOUTS, total_s=min(_RECEIPT_TIMEOUTS.total_s, self._timeouts.total_s))
        exchange = self._post(number_id, read_receipt(wamid), timeouts=timeouts)
        _log_failure(exchange)

    def close(self) -> None:
        """Close the connections that rest."""
        self._transport.close()

    def _post(self, number_id: str, body: Mapping[str, Any], *, timeouts: Timeouts) -> Exchange:
        return self._transport.post(
            f"{self._root}/{quote(number_id, safe='')}/messages",
            headers=self._headers,
            body=json.dumps(body, separators=(",", ":")).encode(),
            timeouts=timeouts,
        )


def _log_failure(exchange: Exchange) -> None:
    """Note a read receipt that failed: codes only, since Meta's words may name the person."""
    status = exchange.status if isinstance(exchange, Answer) else None
    if status is not None and 200 <= status < 300:
        return
    outcome = outcome_of(exchange)
    code = outcome.code if isinstance(outcome, Refused) else None
    _log.warning("read_receipt.failed", extra={"code": code, "http_status": status})
