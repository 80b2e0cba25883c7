"""The promises that every channel keeps, as tests that an adapter's author subclasses.

Describe your adapter in a ``Wire``, and inherit the tests::

    class TestPigeon(AdapterContract):
        @pytest.fixture
        def wire(self) -> Iterator[Wire]:
            with Loft() as loft:
                yield Wire(channel="pigeon", environ={"PIGEON_URL": loft.url, ...}, ...)

docs/adding-a-channel.md goes through an example. The tests talk to the adapter as the gateway
does, and then to a whole gateway over HTTP, each with a database of its own.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from channels.base import (
    Channel,
    Inbound,
    Pulled,
    Pushed,
    Receipt,
    Rejected,
    Report,
    SendFailed,
    WireRequest,
)
from gateway.app import create_app
from gateway.house import House
from gateway.models import Message
from gateway.settings import load
from gateway.web.current import KEY
from tests.wires import (
    PUBLIC_URL,
    TEXTS,
    Wire,
    garbled,
    hear,
    hook_url,
    make,
    message,
    outbound,
    post,
    post_form,
    post_json,
)

__all__ = [
    "PUBLIC_URL",
    "TEXTS",
    "AdapterContract",
    "Gateway",
    "Wire",
    "hear",
    "hook_url",
    "make",
    "message",
    "outbound",
    "post",
    "post_form",
    "post_json",
]

#: Words that are looked for where they must not be.
_PRIVATE = "my neighbour's name is Zoubida"


class Gateway:
    """A whole gateway with one channel set up, its database and its files in ``folder``."""

    def __init__(self, wire: Wire, folder: Path) -> None:
        settings = load(
            {
                **wire.environ,
                "PUBLIC_URL": PUBLIC_URL,
                "DATABASE_URL": f"sqlite:///{folder / 'guichet.db'}",
                "ATTACHMENTS_URL": f"file:{folder / 'attachments'}",
                "SECRET_KEY": "only for tests",
            }
        )
        self._app = create_app(settings)
        self._house: House = self._app.extensions[KEY]
        self._channel = wire.channel

    def takes(self, incoming: WireRequest | None) -> int:
        """The HTTP status that a request is answered with. A message that waits at the provider
        is polled instead, which counts as 200."""
        if incoming is None:
            self._house.pipeline.poll(self._channel)
            return 200
        # Over another host than PUBLIC_URL's: no adapter may believe the Host header.
        url = urlsplit(incoming.url)
        return (
            self._app.test_client()
            .open(
                url.path,
                query_string=url.query,
                method=incoming.method,
                headers=dict(incoming.headers),
                data=incoming.body,
            )
            .status_code
        )

    def stored(self) -> list[str]:
        """The texts of all messages that the database holds."""
        with self._house.store.read() as session:
            return list(session.scalars(select(Message.text).order_by(Message.id)))

    def close(self) -> None:
        self._house.close()


class AdapterContract:
    """Subclass it, override the fixture ``wire``, and every test below is about your adapter."""

    @pytest.fixture
    def wire(self) -> Iterator[Wire]:
        raise NotImplementedError("override the fixture `wire`")

    @pytest.fixture
    def adapter(self, wire: Wire) -> Any:
        return make(wire.channel, wire.environ)

    @pytest.fixture
    def gateway(self, wire: Wire, tmp_path: Path) -> Iterator[Gateway]:
        gateway = Gateway(wire, tmp_path)
        yield gateway
        gateway.close()

    def test_it_is_a_channel_by_its_registered_name(self, wire: Wire, adapter: Any) -> None:
        assert isinstance(adapter, Channel)
        assert adapter.name == wire.channel
        assert isinstance(adapter, Pushed | Pulled)

    def test_without_its_settings_there_is_no_adapter(self, wire: Wire) -> None:
        assert not wire.environ or make(wire.channel, {}) is None

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_a_text_comes_through_as_it_was_written(
        self, wire: Wire, adapter: Any, text: str
    ) -> None:
        if not wire.carries_text:
            pytest.skip("citizens do not write on this channel")
        assert message(adapter, wire.write(text)).text == text

    def test_a_message_keeps_its_payload_its_time_and_its_sender(
        self, wire: Wire, adapter: Any
    ) -> None:
        incoming = wire.write("the lamp is broken")
        heard = message(adapter, incoming)
        assert heard.raw
        # A request without a body has its message in the address.
        assert incoming is None or not incoming.body or heard.raw == incoming.body
        assert heard.received_at.utcoffset() is not None
        assert heard.account
        assert heard.sender or not wire.signed

    def test_the_same_message_has_the_same_id_and_another_has_another(
        self, wire: Wire, adapter: Any
    ) -> None:
        one = wire.write("one")
        ids = _ids(adapter, one)
        assert _ids(adapter, one) == ids
        assert _ids(adapter, wire.write("two")) - ids

    def test_what_is_settled_is_not_fetched_again(self, wire: Wire, adapter: Any) -> None:
        """A pulled message stays with the provider until it is stored here, and no longer."""
        if wire.write("settled once") is not None:
            pytest.skip("the provider calls us")
        for item in adapter.fetch():
            adapter.settle(item)
        adapter.close()
        assert hear(adapter, None) == []

    def test_what_it_does_not_understand_is_kept(self, wire: Wire, adapter: Any) -> None:
        if wire.unknown is None:
            pytest.skip("this wire carries nothing that is not a message")
        assert message(adapter, wire.unknown()).hints["event"] == "not-understood"

    def test_a_forged_request_is_rejected(self, wire: Wire, adapter: Any) -> None:
        forged = list(wire.forged())
        assert forged or not wire.signed or wire.write("pulled") is None
        for label, request in forged:
            with pytest.raises(Rejected):
                pytest.fail(f"{label}: accepted as {adapter.receive(request)}")

    def test_nonsense_is_rejected_or_kept_and_never_an_error(
        self, wire: Wire, adapter: Any
    ) -> None:
        incoming = wire.write("genuine")
        for request in garbled(incoming) if incoming else ():
            try:
                items = adapter.receive(request)
            except Rejected:
                continue
            assert all(isinstance(item, Inbound | Report) for item in items)

    def test_the_provider_is_answered_with_success(self, wire: Wire, adapter: Any) -> None:
        incoming = wire.write("answer me")
        if incoming is None:
            pytest.skip("nobody waits for an answer")
        receipts = [Receipt(n) for n, _ in enumerate(adapter.receive(incoming))]
        assert 200 <= adapter.answer(incoming, receipts).status < 300

    @pytest.mark.parametrize("text", [TEXTS["Arabic"], TEXTS["emoji"]], ids=["Arabic", "emoji"])
    def test_the_provider_gets_our_text_as_it_is(self, wire: Wire, adapter: Any, text: str) -> None:
        if wire.recipient is None:
            pytest.skip("this channel cannot send")
        assert adapter.send(outbound(wire.recipient, text))
        assert text in wire.sent()[-1]

    @pytest.mark.parametrize("retryable", [True, False], ids=["for now", "for good"])
    def test_it_tells_apart_what_failed_for_now_and_for_good(
        self, wire: Wire, adapter: Any, retryable: bool
    ) -> None:
        refuse = wire.refuse_for_now if retryable else wire.refuse_for_good
        if wire.recipient is None or refuse is None:
            pytest.skip("this channel cannot send, or does not fail so")
        refuse()
        with pytest.raises(SendFailed) as failed:
            adapter.send(outbound(wire.recipient))
        assert failed.value.retryable is retryable
        assert wire.recipient not in failed.value.reason

    def test_secrets_are_in_no_log_no_error_and_no_answer(
        self, wire: Wire, adapter: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever happens, at every log level; and citizens' words in no log that is kept."""
        caplog.set_level(logging.DEBUG)
        said = "\n".join([repr(adapter), *_everything(wire, adapter)])
        for secret in wire.secrets:
            assert secret not in said
            assert secret not in caplog.text
        kept = "\n".join(
            record.getMessage() for record in caplog.records if record.levelno >= logging.INFO
        )
        for personal in (_PRIVATE, wire.recipient):
            assert not personal or personal not in kept

    def test_over_http_a_forged_request_gets_403_and_nothing_is_stored(
        self, wire: Wire, gateway: Gateway
    ) -> None:
        for label, request in wire.forged() if wire.hooks else ():
            assert gateway.takes(request) == 403, label
        assert gateway.stored() == []

    def test_over_http_every_text_sent_twice_is_stored_once(
        self, wire: Wire, gateway: Gateway
    ) -> None:
        if not wire.hooks:
            pytest.skip("this channel is not reached over /hooks")
        for text in TEXTS.values():
            incoming = wire.write(text)
            assert 200 <= gateway.takes(incoming) < 300
            assert 200 <= gateway.takes(incoming) < 300
        assert gateway.stored() == [text if wire.carries_text else "" for text in TEXTS.values()]

    def test_over_http_what_is_not_understood_is_stored(self, wire: Wire, gateway: Gateway) -> None:
        if wire.unknown is None or not wire.hooks:
            pytest.skip("this wire carries nothing that is not a message")
        assert 200 <= gateway.takes(wire.unknown()) < 300
        assert len(gateway.stored()) == 1

    def test_over_http_nonsense_is_never_our_fault(self, wire: Wire, gateway: Gateway) -> None:
        incoming = wire.write("genuine") if wire.hooks else None
        for request in garbled(incoming) if incoming else ():
            assert gateway.takes(request) < 500


def _ids(adapter: Any, incoming: WireRequest | None) -> set[tuple[str, str]]:
    items = hear(adapter, incoming)
    return {(item.account, item.external_id) for item in items if isinstance(item, Inbound)}


def _everything(wire: Wire, adapter: Any) -> Iterator[str]:
    """Do all that an adapter can do, and yield all that it says or raises meanwhile."""
    incoming = wire.write(_PRIVATE)
    if incoming is None:
        hear(adapter, None)
    else:
        receipts = [Receipt(n) for n, _ in enumerate(adapter.receive(incoming))]
        yield repr(adapter.answer(incoming, receipts))
        for request in [*(forged for _, forged in wire.forged()), *garbled(incoming)]:
            yield _attempt(adapter.receive, request)
    yield _attempt(adapter.check)
    if wire.recipient is not None:
        for refuse in (None, wire.refuse_for_now, wire.refuse_for_good):
            if refuse:
                refuse()
            yield _attempt(adapter.send, outbound(wire.recipient, _PRIVATE))


def _attempt(act: Callable[..., object], *arguments: object) -> str:
    try:
        return repr(act(*arguments))
    except (Rejected, SendFailed) as error:
        return "".join(traceback.format_exception(error))
