"""Turn stored messages into cases, additions and answers, a batch in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic, sleep, time_ns

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from channels.base import Attachment, Inbound, Location, Receipt
from gateway import clock, tracing
from gateway.messages import Style, speak
from gateway.metrics import PROCESSED, UNDERSTAND_SECONDS, timed
from gateway.models import ANSWERED, AddressRow, AttachmentRow, Case, CaseAddress, Contact, Message
from gateway.pipeline.fairness import claim_fairly
from gateway.pipeline.parts import Parts
from gateway.pipeline.pieces import whole
from gateway.pipeline.register import Ring, register
from gateway.pipeline.senders import among
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
#: How long the second of two equal requests waits for the first one's number, in seconds.
_DOUBLE_CLICK = 3.0
#: Messages in one transaction: enough to share its commit, few enough to answer soon.
BATCH = 50


def process(parts: Parts, limit: int = BATCH) -> int:
    """Process due messages; how many were taken."""
    claimed = claim_fairly(parts, limit)
    if claimed:
        settle(parts, claimed)
    if len(claimed) >= limit:
        parts.bell.ring(PROCESS)
    return len(claimed)


def settle_now(parts: Parts, receipt: Receipt) -> Receipt:
    """Process one message in line and return its receipt with the number.

    When that fails the message is safe and the worker will have it: the receipt comes back
    without a number, which tells the citizen that it will follow.
    """
    if receipt.duplicate:
        _await_first(parts, receipt)
        return _with_case(parts, receipt)
    with parts.store.read() as session:
        message = session.get(Message, receipt.message_id)
        if message is None or message.state != "new":
            return _with_case(parts, receipt)
        session.expunge(message)
    settle(parts, [message], spoken=not message.hints.get("unheard"))
    return _with_case(parts, receipt)


def _await_first(parts: Parts, receipt: Receipt) -> None:
    """Wait a moment for whoever is processing the same message, as after a double click."""
    until = monotonic() + _DOUBLE_CLICK
    while monotonic() < until:
        with parts.store.read() as session:
            state = session.scalar(select(Message.state).where(Message.id == receipt.message_id))
        if state != "new":
            return
        sleep(0.05)


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
    for row in session.scalars(
        select(AttachmentRow)
        .where(AttachmentRow.message_id.in_([message.id for message in messages]))
        .order_by(AttachmentRow.id)
    ):
        found.setdefault(row.message_id, []).append(row)
    return found


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
    rows = session.execute(
        select(AddressRow.kind, AddressRow.value, Contact.language)
        .join(Contact, Contact.id == AddressRow.contact_id)
        .where(among(set(senders.values())))
    )
    known = {(kind, value): language for kind, value, language in rows}
    return {id_: known.get((sender.kind, sender.value)) for id_, sender in senders.items()}


def _with_case(parts: Parts, receipt: Receipt) -> Receipt:
    """The receipt with the number of the case that its message is about, and what to say."""
    with parts.store.read() as session:
        message = session.get_one(Message, receipt.message_id)
        case = session.get(Case, message.case_id) if message.case_id else None
        asked = message.intent == "status"
        style: Style = "voice" if message.channel == "voice" else "long"
        if case is None:
            if not asked:
                return receipt
            language = speak(message.language, parts.settings.default_language)
            text = parts.notices.say("unknown_number", {}, language, style)
            return replace(receipt, language=language, text=text)
        language = speak(case.language, parts.settings.default_language)
        key = "status" if asked else "acknowledged"
        text = parts.notices.say(key, parts.notices.facts(case), language, style)
        over = asked and case.status in ANSWERED
    return replace(receipt, number=case.number, language=language, text=text, over=over)
