"""Pages and the control API refuse foreign hosts, foreign origins and form posts."""

import pytest
import requests

from shared.simulator.loopback import is_loopback_host, refusal
from tests.simulator.rig import NUMBER, TOKEN, Running

JSON = {"host": "127.0.0.1:8080", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("host", "fine"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8080", True),
        ("localhost:1", True),
        ("LOCALHOST", True),
        ("[::1]:8080", True),
        ("", False),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8080", False),
        ("127.0.0.1@evil.example", False),
        ("evil.example#127.0.0.1", False),
        ("127.0.0.1:x", False),
        ("0.0.0.0:8080", False),
        (" 127.0.0.1", False),
        ("[::1", False),
    ],
)
def test_only_loopback_hosts(host: str, fine: bool) -> None:
    assert is_loopback_host(host) is fine


@pytest.mark.parametrize(
    ("method", "headers", "fine"),
    [
        ("POST", {}, True),
        ("POST", {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}, True),
        ("POST", {"content-type": "application/json; charset=utf-8"}, True),
        ("POST", {"content-type": "text/plain"}, False),
        ("POST", {"content-type": "application/x-www-form-urlencoded"}, False),
        ("POST", {"content-type": ""}, False),
        ("POST", {"origin": "http://evil.example"}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": "http://127.0.0.1:9090"}, False),
        ("POST", {"origin": "http://localhost:8080"}, False),
        ("POST", {"origin": "https://127.0.0.1:8080"}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, False),
        ("DELETE", {"origin": "http://evil.example"}, False),
        ("GET", {"origin": "http://evil.example"}, False),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True),
        ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, False),
        ("GET", {"host": "evil.example"}, False),
    ],
)
def test_foreign_requests_are_refused(method: str, headers: dict[str, str], fine: bool) -> None:
    assert (refusal(method, {**JSON, **headers}) is None) is fine


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example", "Content-Type": "application/json"},
        {"Host": "evil.example", "Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
    ],
)
def test_the_control_api_changes_nothing_for_others(standing: Running, headers: dict[str, str]) -> None:
    answer = requests.post(f"{standing.api}/customers", data='{"name": "x"}', headers=headers, timeout=5)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert len(requests.get(f"{standing.api}/state", timeout=5).json()["customers"]) == 1


def test_nobody_elsewhere_reads_or_frames_the_page(standing: Running) -> None:
    for path in ("/simulator", "/simulator/", "/simulator/api/state"):
        answer = requests.get(standing.origin + path, timeout=5, allow_redirects=False)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "access-control-allow-origin" not in answer.headers
        foreign = {"Host": "rebound.example"}
        assert requests.get(standing.origin + path, headers=foreign, timeout=5).status_code == 403


def test_graph_takes_any_host_but_no_foreign_page(standing: Running) -> None:
    url = f"{standing.origin}/graph/v26.0/{NUMBER}"
    for headers, status in (({"Host": "graph.facebook.com"}, 200), ({"Origin": "http://evil.example"}, 403)):
        sent = {"Authorization": f"Bearer {TOKEN}", **headers}
        assert requests.get(url, headers=sent, timeout=5).status_code == status
