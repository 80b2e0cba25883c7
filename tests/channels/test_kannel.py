"""A real Kannel between us and telephones: Arabic both ways, long texts, delivery reports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from werkzeug.serving import make_server

from channels.base import SendFailed
from gateway.app import create_app
from gateway.house import House
from gateway.models import Case, Message, OutboundRow
from gateway.settings import load
from gateway.web.current import KEY
from tests.gateway.messages_in import rows
from tests.harness import make
from tests.road.running import eventually
from tests.servers.kannel import KannelServer
from tests.servers.ports import free_port

PHONE = "+212612345678"
ARABIC = "الماء مقطوع عن حينا في فاس منذ يومين"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Road:
    """A gateway that Kannel reaches, and Kannel."""

    house: House
    kannel: KannelServer

    def await_(self, look: Callable[[], Found], what: str) -> Found:
        """Do what is due until ``look`` finds something."""

        def working() -> Found:
            self.house.pipeline.process()
            self.house.pipeline.deliver("sms")
            return look()

        return eventually(working, what)


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with KannelServer(f"{url}/hooks/sms") as kannel:
        app = create_app(
            load(
                {
                    **kannel.environ,
                    "PUBLIC_URL": url,
                    "DATABASE_URL": f"sqlite:///{tmp_path}/guichet.db",
                    "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                    "SECRET_KEY": "only for tests",
                }
            )
        )
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Road(app.extensions[KEY], kannel)
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions[KEY].close()


def test_arabic_goes_both_ways_and_its_delivery_is_reported(road: Road) -> None:
    road.kannel.text(PHONE, ARABIC)
    (told,) = road.await_(road.kannel.delivered, "the acknowledgement on the telephone")
    (case,) = rows(road.house, Case)
    assert case.text == ARABIC
    (row,) = road.await_(
        lambda: rows(road.house, OutboundRow, state="delivered"), "the delivery report"
    )
    assert told == row.text
    assert (row.provider_id, row.segments) == (f"guichet-{row.id}", 1)


def test_a_long_text_that_comes_in_pieces_is_one_complaint(road: Road) -> None:
    pieces = ["The water is cut off ", "in our street in Fes, ", "and nobody comes."]
    road.kannel.text_in_pieces(PHONE, *pieces)
    (case,) = road.await_(lambda: rows(road.house, Case), "the case")
    assert case.text == "".join(pieces)
    assert {message.case_id for message in rows(road.house, Message)} == {case.id}


def test_a_wrong_password_is_told_from_a_kannel_that_is_away(road: Road) -> None:
    environ = road.kannel.environ
    assert "accepts" in make("sms", environ).check()
    for changed, said in (
        ({"SMS_PASSWORD": "wrong"}, "SMS_PASSWORD is wrong"),
        ({"SMS_URL": f"http://127.0.0.1:{free_port()}/cgi-bin/sendsms"}, "cannot be reached"),
    ):
        with pytest.raises(SendFailed, match=said):
            make("sms", {**environ, **changed}).check()
