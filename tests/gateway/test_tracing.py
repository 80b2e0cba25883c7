"""A message is followed from wire to wire by one id: in the logs, and in spans where these go."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from channels.base import Report
from gateway import tracing
from gateway.house import House
from gateway.models import Case, Message, OutboundRow
from tests.conftest import MakeHouse
from tests.fakes.server import Answer, Asked, FakeProvider
from tests.fakes.twilio import SID, FakeTwilio, refusal
from tests.gateway.messages_in import FRENCH, PHONE, STRANGER, rows, sms, take
from tests.gateway.test_commands import Terminal, terminal

__all__ = ["terminal"]


class Collector(FakeProvider):
    """Takes spans over OTLP/HTTP, as https://opentelemetry.io/docs/specs/otlp/ has it."""

    def respond(self, asked: Asked) -> Answer:
        assert (asked.method, asked.path) == ("POST", "/v1/traces")
        return Answer(200, b"", "application/x-protobuf")

    @property
    def spans(self) -> list[Span]:
        """Every span that came."""
        return [
            span
            for asked in self.asked
            for resource in ExportTraceServiceRequest.FromString(asked.body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def house(make_house: MakeHouse, twilio: FakeTwilio) -> House:
    """A house whose SMS go to that provider."""
    return make_house(**twilio.environ)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Where spans go while the test runs."""
    with Collector() as found:
        tracing.configure(found.url)
        yield found
        tracing.close()


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """The fields of our own lines."""
    return [record.msg for record in caplog.records if isinstance(record.msg, dict)]


def about(caplog: pytest.LogCaptureFixture, trace: str) -> list[object]:
    """What the lines say happened that grepping for a trace finds."""
    return [line["event"] for line in lines(caplog) if trace in json.dumps(line, default=str)]


def follow(house: House) -> None:
    """Let a message come in by SMS, be processed, and be answered."""
    take(house, sms(FRENCH, account=SID))
    while house.pipeline.deliver("sms"):
        pass


def test_every_line_about_a_message_and_its_notice_holds_one_id(
    house: House, twilio: FakeTwilio, caplog: pytest.LogCaptureFixture
) -> None:
    """Also through what goes wrong, through the database, and to another way to the citizen."""
    caplog.set_level(logging.INFO)
    again = sms(FRENCH, account=SID, external_id="SM1")
    take(house, again, again)
    (message,) = rows(house, Message)
    (answer,) = rows(house, OutboundRow)
    assert answer.trace == message.trace
    twilio.plan(refusal(21614, PHONE))
    house.pipeline.deliver("sms")
    *_, another_way = rows(house, OutboundRow)
    assert another_way.channel == "voice"
    house.pipeline.deliver("voice")
    house.pipeline.accept("voice", Report(f"CA{1:032x}", SID, "delivered", b""))
    assert message.trace_id is not None
    assert about(caplog, message.trace_id) == [
        "accepted", "accepted.again", "placed", "outbound.failed", "send.failed",
        "sent", "reported",
    ]  # fmt: skip
    ids = [line for line in lines(caplog) if {"message", "outbound"} & line.keys()]
    assert all("trace" in line for line in ids)


def test_messages_have_ids_of_their_own_that_say_nothing_of_anybody(house: House) -> None:
    take(house, sms(FRENCH), sms(FRENCH, STRANGER))
    traces = [message.trace for message in rows(house, Message)]
    assert len(set(traces)) == 2
    # https://www.w3.org/TR/trace-context/#traceparent-header
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", trace) for trace in traces)
    assert {row.trace for row in rows(house, OutboundRow)} == set(traces)


def test_an_operator_finds_it_by_the_case_and_by_what_providers_call_it(
    house: House, twilio: FakeTwilio, terminal: Terminal
) -> None:
    follow(house)
    (message,), (answer,), (case,) = (rows(house, one) for one in (Message, OutboundRow, Case))
    for what in (case.number, message.external_id, answer.provider_id):
        shown = terminal.run("trace", what)
        assert shown.exit_code == 0, shown.output
        first, second = shown.output.splitlines()[1:]
        assert first.split()[:4] == [message.trace_id, "message", str(message.id), "sms"]
        assert second.split()[:4] == [message.trace_id, "outbound", str(answer.id), "sms"]
        assert PHONE not in shown.output
    assert terminal.run("trace", "SM0").exit_code == 1


def test_one_trace_goes_from_wire_to_wire(house: House, collector: Collector) -> None:
    follow(house)
    tracing.close()
    spans = {span.name: span for span in collector.spans}
    assert Counter(span.name for span in collector.spans) == Counter(
        ["accept", "process", "detect", "route", "register", "deliver", "send"]
    )
    (message,) = rows(house, Message)
    assert {span.trace_id.hex() for span in spans.values()} == {message.trace_id}
    above = {name: span.parent_span_id for name, span in spans.items()}
    accept, process = spans["accept"].span_id, spans["process"].span_id
    assert above == {
        "accept": b"",
        "process": accept,
        "detect": process,
        "route": process,
        "register": accept,
        "deliver": accept,
        "send": accept,
    }
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in spans.values())


def test_spans_hold_nothing_of_what_anybody_sent(
    house: House, twilio: FakeTwilio, collector: Collector
) -> None:
    """Also where something raises, whose message may quote a citizen."""

    def broken(_: object) -> list[tuple[int, str]]:
        raise RuntimeError(PHONE)

    twilio.plan(refusal(21610, PHONE))
    follow(house)
    with pytest.raises(RuntimeError), tracing.span("process"):
        broken(None)
    tracing.close()
    told = b"".join(asked.body for asked in collector.asked)
    for secret in (PHONE, FRENCH, twilio.environ["TWILIO_AUTH_TOKEN"], rows(house, Case)[0].number):
        assert secret.encode() not in told
    (fault,) = [span for span in collector.spans if span.status.message]
    assert (fault.status.message, list(fault.events)) == ("RuntimeError", [])


def test_a_collector_that_is_away_costs_no_message(
    house: House, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In seconds; then what could not be told is forgotten.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    with Collector() as away:
        tracing.configure(away.url)
    follow(house)
    tracing.close()
    assert len(twilio.messages) == 1
