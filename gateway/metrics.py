"""What is counted and timed while we work, and what waits: for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.models import AttachmentRow, Case, Message, OutboundRow
from gateway.settings import Settings
from gateway.store import Store

ACCEPTED = Counter(
    "guichet_accepted", "Messages and reports stored, by whether they were new.", ["channel", "was"]
)
ACCEPT_SECONDS = Histogram(
    "guichet_accept_seconds",
    "From the adapter's yes to the commit.",
    ["channel"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
PROCESSED = Counter(
    "guichet_processed",
    "Messages processed, by what became of them (done, failed, shunted) and what they asked for.",
    ["channel", "outcome", "wish"],
)
PROCESS_SECONDS = Histogram(
    "guichet_process_seconds",
    "One batch from claim to commit.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UNDERSTAND_SECONDS = Histogram(
    "guichet_understand_seconds",
    "The pure work on one message: reading it (with its language), and routing it.",
    ["part"],
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25),
)
SENT = Counter(
    "guichet_sent", "Messages handed to a provider, by its answer: sent, later, failed.",
    ["channel", "outcome"],
)  # fmt: skip
SEND_SECONDS = Histogram(
    "guichet_send_seconds",
    "How long a provider took to answer.",
    ["channel"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

#: What each kind of work waits in, and the state of what waits.
_WORK = (
    ("process", Message.state == "new", Message.due_at),
    ("deliver", OutboundRow.state == "queued", OutboundRow.due_at),
    ("fetch", AttachmentRow.state == "pending", AttachmentRow.due_at),
)


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how long the block took, in seconds, also when it raised."""
    begun = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - begun)


def page(store: Store, now: datetime, spool_limit: int) -> bytes:
    """This process's counts, and what the database holds, in Prometheus's text format."""
    held = CollectorRegistry()
    Gauge("guichet_spool_limit", "How many messages may wait.", registry=held).set(spool_limit)
    with store.read() as session:
        _states(session, held)
        _waiting(session, held, now)
        _segments(session, held)
    return generate_latest(REGISTRY) + generate_latest(held)


def open_page(settings: Settings) -> None:
    """Serve this process's counts where METRICS_PORT says: a worker has no other page."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, settings.host)


def _states(session: Session, held: CollectorRegistry) -> None:
    """How many rows are in which state; of what came in and goes out, by channel."""
    for name, table in (("guichet_messages", Message), ("guichet_outbound", OutboundRow)):
        gauge = Gauge(name, "Rows by state.", ["channel", "state"], registry=held)
        counted = session.execute(
            select(table.channel, table.state, func.count()).group_by(table.channel, table.state)
        )
        for channel, state, count in counted:
            gauge.labels(channel, state).set(count)
    for name, column in (
        ("guichet_attachments", AttachmentRow.state),
        ("guichet_cases", Case.status),
    ):
        gauge = Gauge(name, "Rows by state.", ["state"], registry=held)
        for state, count in session.execute(select(column, func.count()).group_by(column)):
            gauge.labels(state).set(count)


def _waiting(session: Session, held: CollectorRegistry, now: datetime) -> None:
    """What is due and not done: how much, and since when. Read from the partial indexes."""
    count = Gauge("guichet_due", "Rows that are due.", ["work"], registry=held)
    age = Gauge("guichet_due_seconds", "How long the oldest is due.", ["work"], registry=held)
    for work, waits, due_at in _WORK:
        due, oldest = session.execute(
            select(func.count(), func.min(due_at)).where(waits, due_at <= now)
        ).one()
        count.labels(work).set(due)
        age.labels(work).set((now - oldest).total_seconds() if oldest else 0)


def _segments(session: Session, held: CollectorRegistry) -> None:
    gauge = Gauge(
        "guichet_sms_segments", "SMS segments billed, by state.", ["state"], registry=held
    )
    billed = session.execute(
        select(OutboundRow.state, func.sum(OutboundRow.segments))
        .where(OutboundRow.segments.is_not(None))
        .group_by(OutboundRow.state)
    )
    for state, count in billed:
        gauge.labels(state).set(count or 0)
