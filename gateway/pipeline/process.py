"""Turn stored messages into cases, additions and answers, a batch in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from time import time_ns

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from channels.base import Attachment, Inbound, Location
from gateway import clock, tracing
from gateway.dialects import is_sqlite, one_of
from gateway.metrics import PROCESSED, UNDERSTAND_SECONDS, timed
from gateway.models import AddressRow, AttachmentRow, Case, CaseAddress, Contact, Message
from gateway.pipeline.fairness import claim_fairly
from gateway.pipeline.parts import Parts
from gateway.pipeline.pieces import whole
from gateway.pipeline.register import Ring, register
from gateway.pipeline.senders import among, named
from gateway.pipeline.task import Understood
from gateway.queue import FETCH, PROCESS
from gateway.store import is_away
from normalizer.complaint import Complaint, normalize
from normalizer.contact import canonical
from normalizer.intent import kind_named
from routing.model import Model
from routing.router import Route, decide

log = structlog.get_logger(__name__)

_READ, _ROUTE = UNDERSTAND_SECONDS.labels("read"), UNDERSTAND_SECONDS.labels("route")
#: Messages in one transaction: enough to share its commit, few enough to answer soon.
BATCH = 100


def process(parts: Parts, limit: int = BATCH) -> int:
    """Process due messages; how many were taken."""
    claimed = claim_fairly(parts, limit)
    if claimed:
        settle(parts, claimed)
    if len(claimed) >= limit:
        parts.bell.ring(PROCESS)
    return len(claimed)


def settle(parts: Parts, messages: Sequence[Message], *, spoken: bool = False) -> None:
    """Understand each message, then register all in one transaction; when that fails, one by
    one, so that only what cannot be processed is set back."""
    understood = _understand(parts, messages)
    try:
        rings = _register(parts, understood, spoken)
    except Exception as error:  # noqa: BLE001  # the border: the batch is tried one by one below
        log.warning("process.batch", size=len(understood), error=type(error).__name__)
        rings = {ring for one in understood for ring in _alone(parts, one, spoken)}
    for kind, channel in rings:
        parts.bell.ring(kind, channel)
    if any(one.complaint.attachments for one in understood):
        parts.bell.ring(FETCH)


def _alone(parts: Parts, one: Understood, spoken: bool) -> set[Ring]:
    try:
        return _register(parts, [one], spoken)
    except Exception as error:  # noqa: BLE001  # the border: what raises is set back, never lost
        _set_back(parts, one.message, error)
        return set()


def _register(parts: Parts, understood: Sequence[Understood], spoken: bool) -> set[Ring]:
    """Register messages in one transaction; whom to ring for once it is committed."""
    begun = time_ns()
    with parts.store.write() as session:
        rings = register(parts, session, understood, clock.now(), spoken=spoken)
    for one in understood:
        PROCESSED.labels(one.message.channel, "done", one.complaint.intent).inc()
        tracing.note("register", one.message.trace, begun, wish=one.complaint.intent)
    return rings


def _understand(parts: Parts, messages: Sequence[Message]) -> list[Understood]:
    """The pure work: normalise, recognise the language, decide the route."""
    with parts.store.read() as session:
        files = _files(session, messages)
        languages = _last_languages(parts, session, messages)
    model = parts.learner.model()
    understood = []
    for message, pieces in whole(parts, messages):
        language = languages.get(message.id)
        try:
            inbound = _inbound(message, files.get(message.id, ()))
            with tracing.span("process", message.trace, channel=message.channel):
                found = _understood(parts, message.channel, inbound, language, model)
            understood.append(Understood(message, *found, pieces))
        except Exception as error:  # noqa: BLE001  # the border: what raises is set back, never lost
            _set_back(parts, message, error)
    return understood


def _understood(
    parts: Parts, channel: str, inbound: Inbound, language: str | None, model: Model | None
) -> tuple[Complaint, Route]:
    """What one message says, and whose matter it is."""
    with timed(_READ), tracing.span("detect"):
        addresses = parts.channels[channel].addresses
        complaint = normalize(inbound, channel, addresses, language, parts.settings.region)
    with timed(_ROUTE), tracing.span("route"):
        route = decide(complaint, parts.directory, model)
    if route.needs_city and (city := _last_city(parts, complaint)):
        route = decide(complaint, parts.directory, model, last_city=city)
    return _told_apart(complaint, route), route


def _last_city(parts: Parts, complaint: Complaint) -> str | None:
    """Where the sender's last case was that named a city; people complain of where they live."""
    if complaint.sender is None:
        return None
    theirs = (
        select(Case.city)
        .join(CaseAddress, CaseAddress.case_id == Case.id)
        .join(AddressRow, AddressRow.id == CaseAddress.address_id)
        .where(
            AddressRow.kind == complaint.sender.kind,
            AddressRow.value == complaint.sender.value,
            AddressRow.shared.is_(False),
            Case.city.is_not(None),
        )
        .order_by(Case.id.desc())
        .limit(1)
    )
    with parts.store.read() as session:
        return session.scalar(theirs)


def _told_apart(complaint: Complaint, route: Route) -> Complaint:
    """The complaint with the kind that routing found. An advert is kept and not answered; where
    somebody sent a file or waits on the telephone, it is heard like any other message."""
    if route.kind == "spam" and complaint.intent == "new":
        heard = complaint.attachments or complaint.location or complaint.transcriber
        return complaint if heard else replace(complaint, intent="spam")
    return replace(complaint, kind=kind_named(route.kind) or complaint.kind)


def _set_back(parts: Parts, message: Message, error: Exception) -> None:
    """Count a failed try; after the last one the message is shunted, for a person to see."""
    if is_away(error):
        # The database is the trouble, not the message: the lease runs out and it is tried again.
        log.warning(
            "process.waits",
            trace=message.trace_id,
            message=message.id,
            error=type(error).__name__,
        )
        return
    shunted = message.tries >= parts.settings.process_tries
    PROCESSED.labels(message.channel, "shunted" if shunted else "failed", "").inc()
    log.error(
        "process.shunted" if shunted else "process.failed",
        trace=message.trace_id,
        message=message.id,
        channel=message.channel,
        exc_info=error,
    )
    with parts.store.write() as session:
        session.execute(
            update(Message)
            .where(Message.id == message.id, Message.state == "new")
            .values(
                state="shunted" if shunted else "new",
                due_at=clock.now() + clock.wait_after(message.tries, clock.PROCESS_WAITS),
                error=type(error).__name__,
            )
        )


def _inbound(message: Message, files: Sequence[AttachmentRow]) -> Inbound:
    """The message as the adapter gave it; its files by name only."""
    return Inbound(
        external_id=message.external_id,
        account=message.account,
        sender=message.sender,
        text=message.text,
        raw=b"",
        received_at=message.received_at,
        sender_name=message.sender_name,
        subject=message.subject,
        in_reply_to=tuple(message.in_reply_to),
        attachments=tuple(Attachment(one.filename, one.declared_type) for one in files),
        location=Location(**message.location) if message.location else None,
        hints=message.hints,
    )


def _files(session: Session, messages: Sequence[Message]) -> dict[int, list[AttachmentRow]]:
    found: dict[int, list[AttachmentRow]] = {}
    ids = [message.id for message in messages]
    for row in session.scalars(_files_of(sqlite=is_sqlite(session)), {"messages": ids}):
        found.setdefault(row.message_id, []).append(row)
    return found


@cache
def _files_of(*, sqlite: bool) -> Select[AttachmentRow]:
    theirs = one_of(AttachmentRow.message_id, "messages", sqlite=sqlite)
    return select(AttachmentRow).where(theirs).order_by(AttachmentRow.id)


def _last_languages(
    parts: Parts, session: Session, messages: Sequence[Message]
) -> dict[int, str | None]:
    """What each sender last wrote in, by message."""
    region, senders = parts.settings.region, {}
    for message in messages:
        adapter = parts.channels.get(message.channel)
        if adapter and (sender := canonical(adapter.addresses, message.sender, region)):
            senders[message.id] = sender
    if not senders:
        return {}
    theirs = _languages_of(sqlite=is_sqlite(session))
    rows = session.execute(theirs, named(set(senders.values())))
    known = {(kind, value): language for kind, value, language in rows}
    return {id_: known.get((sender.kind, sender.value)) for id_, sender in senders.items()}


@cache
def _languages_of(*, sqlite: bool) -> Select[str, str, str | None]:
    return (
        select(AddressRow.kind, AddressRow.value, Contact.language)
        .join(Contact, Contact.id == AddressRow.contact_id)
        .where(among(sqlite=sqlite))
    )
