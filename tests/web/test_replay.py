"""A dialogue of the tests, played in the simulator with one click: its words go over the wires."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from gateway.web.simulator.replay import scripts
from tests.servers.service import PATIENCE
from tests.web.visitor import Visitor, running


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Somebody who plays with a gateway that really runs."""
    with running(tmp_path_factory.mktemp("replay")) as url:
        yield Visitor(url)


def _replay(visitor: Visitor, name: str, person: str) -> requests.Response:
    return requests.post(
        f"{visitor.url}/replay",
        data={"person": person, "dialogue": name},
        headers={"X-Guichet-Simulator": "1"},
        timeout=PATIENCE,
    )


def test_most_dialogues_can_be_watched() -> None:
    assert len(scripts()) >= 30


def test_a_dialogue_is_played_with_its_time_passing_at_once(visitor: Visitor) -> None:
    """The page offers it; five messages of ten minutes, and both cases are as the file says."""
    name = "which-case-by-digit-fr-sms"
    assert f'value="{name}"' in requests.get(visitor.url + "/", timeout=PATIENCE).text
    assert _replay(visitor, name, "idir").status_code == 202
    texts = visitor.until("sms", "idir", by="citizen", text="2")
    assert len([one for one in texts if one["data"]["by"] == "citizen"]) == 4
    visitor.next("sms", "idir", by="gateway")
    assert len(visitor.cases()) == 2


def test_only_what_is_written_is_played_and_only_from_the_page(visitor: Visitor) -> None:
    assert _replay(visitor, "no-such-dialogue", "idir").status_code == 404
    forged = requests.post(f"{visitor.url}/replay", data={"person": "idir"}, timeout=PATIENCE)
    assert forged.status_code == 403
