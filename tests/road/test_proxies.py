"""Who stands behind a proxy is believed of as many proxies as there are, over a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.road.running import Processes
from tests.servers.service import PATIENCE

#: Wrong codes that one visitor may try in a minute, as the pages limit them.
MOST = 20


def tried(guichet: Processes, forwarded_for: str) -> requests.Response:
    """Somebody tries a receipt's code that nobody was given, over TLS as their proxy says."""
    headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Proto": "https"}
    return requests.get(f"{guichet.url}/fr/verify?code=wrong", headers=headers, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("proxies", "others", "is_secure"),
    [
        pytest.param("0", 429, False, id="no proxy: whatever is claimed, it is one visitor"),
        pytest.param("1", 422, True, id="one: what it added last is its word, the rest is claimed"),
    ],
)
def test_only_our_proxies_are_believed(
    tmp_path: Path, proxies: str, others: int, is_secure: bool
) -> None:
    """Each try claims to come from elsewhere; the last hop is the same. Then comes another one."""
    environ = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/guichet.db",
        "PUBLIC_URL": "https://guichet.example",
        "PROXIES": proxies,
    }
    with Processes(tmp_path, environ, "python -m gateway serve") as guichet:
        answers = [tried(guichet, f"198.51.100.{n}, 203.0.113.7") for n in range(MOST + 1)]
        other = tried(guichet, "198.51.100.1, 203.0.113.8")
    assert [answer.status_code for answer in answers] == [422] * MOST + [429]
    assert other.status_code == others
    assert {"Strict-Transport-Security" in answer.headers for answer in answers} == {is_secure}
