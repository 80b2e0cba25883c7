"""Turn stored messages into cases, additions and answers, a batch in one transaction."""

from __future__ import annotations

from collections import Counter
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
from gateway.metrics import PROCESS_SECONDS, PROCESSED, UNDERSTAND_SECONDS, timed
from gateway.models import (
    AddressRow,
    AttachmentRow,
    Case,
    CaseAddress,
    Contact,
    Message,
    OutboundRow,
)
from gateway.pipeline.at_hand import AtHand, within_reach
from gateway.pipeline.deliver import hand_over
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
#: Whom to ring for once it is committed, and what is to be handed over then.
_Done = tuple[set[Ring], list[OutboundRow]]
#: Messages in one transaction: enough to share its commit, few enough to answer soon.
BATCH = 100


def process(parts: Parts, limit: int = BATCH) -> int:
    """Process due messages, and say what can be said at once; how many were taken."""
    at_hand: list[OutboundRow] = []
    with timed(PROCESS_SECONDS):
        if claimed := claim_fairly(parts, limit):
            near = within_reach(parts, {message.channel for message in claimed})
            at_hand = settle(parts, claimed, near=near)
    hand_over(parts, at_hand)
    if len(claimed) >= limit:
        parts.bell.ring(PROCESS)
    return len(claimed)


def settle(
    parts: Parts,
    messages: Sequence[Message],
    *,
    spoken: bool = False,
    near: frozenset[str] = frozenset(),
) -> list[OutboundRow]:
    """Understand each message, then register all in one transaction; when that fails, one by
    one, so that only what cannot be processed is set back.

    Returns those answers over the channels ``near`` that are the caller's to hand over.
    """
    understood = _understand(parts, messages)
    try:
        done = [_register(parts, understood, spoken, near)]
    except Exception as error:  # noqa: BLE001  # the border: the batch is tried one by one below
        log.warning("process.batch", size=len(understood), error=type(error).__name__)
        done = [_alone(parts, one, spoken, near) for one in understood]
    for kind, channel in {ring for rings, _ in done for ring in rings}:
        parts.bell.ring(kind, channel)
    if any(one.complaint.attachments for one in understood):
        parts.bell.ring(FETCH)
    return [row for _, rows in done for row in rows]


def _alone(parts: Parts, one: Understood, spoken: bool, near: frozenset[str]) -> _Done:
    try:
        return _register(parts, [one], spoken, near)
    except Exception as error:  # noqa: BLE001  # the border: what raises is set back, never lost
        _set_back(parts, one.message, error)
        return set(), []


def _register(
    parts: Parts, understood: Sequence[Understood], spoken: bool, near: frozenset[str]
) -> _Done:
    """Register messages in one transaction."""
    begun, at_hand = time_ns(), AtHand(parts, near)
    with parts.store.write() as session:
        rings = register(parts, session, understood, clock.now(), at_hand, spoken=spoken)
    done = Counter((one.message.channel, one.complaint.intent) for one in understood)
    for (channel, wish), times in done.items():
        PROCESSED.labels(channel, "done", wish).inc(times)
    for one in understood:
        tracing.note("register", one.message.trace, begun, wish=one.complaint.intent)
    return rings, at_hand.rows


def _understand(parts: Parts, messages: Sequence[Message]) -> list[Understood]:
    """The pure work: normalise, recognise the language, decide the route."""
    with parts.store.read() as session:
        files = _files(session, messages)
        languages = _last_languages(parts, session, messages)
        model = parts.learner.model_for(session)
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
    kind = kind_named(route.kind) or complaint.kind
    return complaint if kind == complaint.kind else replace(complaint, kind=kind)


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


def _inbound(message: Message, files: Sequence[Attachment]) -> Inbound:
    """The message as the adapter gave it."""
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
        attachments=tuple(files),
        location=Location(**message.location) if message.location else None,
        hints=message.hints,
    )


def _files(session: Session, messages: Sequence[Message]) -> dict[int, list[Attachment]]:
    """The files of each message, by name only."""
    found: dict[int, list[Attachment]] = {}
    ids = [message.id for message in messages]
    rows = session.execute(_files_of(sqlite=is_sqlite(session)), {"messages": ids})
    for message_id, filename, declared_type in rows:
        found.setdefault(message_id, []).append(Attachment(filename, declared_type))
    return found


@cache
def _files_of(*, sqlite: bool) -> Select[int, str | None, str | None]:
    files = AttachmentRow.__table__.c
    theirs = one_of(files.message_id, "messages", sqlite=sqlite)
    named = select(files.message_id, files.filename, files.declared_type)
    return named.where(theirs).order_by(files.id)


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
    addresses, contacts = AddressRow.__table__, Contact.__table__
    known = addresses.join(contacts, contacts.c.id == addresses.c.contact_id)
    columns = addresses.c.kind, addresses.c.value, contacts.c.language
    return select(*columns).select_from(known).where(among(sqlite=sqlite))
