"""What must be true after every fault: nothing lost, nothing done twice, nothing stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select, update

from gateway import clock
from gateway.models import AttachmentRow, Case, Message, OutboundRow, Question
from gateway.store import Store
from tests.faults.load import Load
from tests.faults.town import Town
from tests.road.running import ON_THEIR_WAY, eventually

#: What a channel's message is known by to its provider, where that is not the external id.
_BY_REFERENCE = "email"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found: how many messages, and how many notices were said again after a kill."""

    messages: int
    said_again: int


def check(town: Town, load: Load) -> Outcome:
    """Wait until nothing is left to do; raise AssertionError with all that is not as it must be."""
    store = Store(town.database)
    try:
        with suppress(AssertionError):  # said below, with all the rest
            eventually(lambda: not (unfinished(store) or [*_lost(store, load)]), "the end")
        again = said_again(town)
        wrong = [*unfinished(store), *_lost(store, load), *_cases(store), *_notices(store)]
        if sum(again.values()) > town.kills * ON_THEIR_WAY:
            wrong.append(f"{town.kills} kills, but said again: {dict(again)}")
        assert not wrong, "\n".join([*wrong, f"refused: {dict(load.refused)}"])
        return Outcome(len(load.taken), sum(again.values()))
    finally:
        store.close()


def said_again(town: Town) -> Counter[str]:
    """How many notices a provider was handed more often than once, by channel. Everybody wrote
    once, so nobody is to hear the same words twice."""
    heard: Counter[tuple[str, ...]] = Counter()
    world = town.world
    heard.update(("sms", one["To"], one["Body"]) for one in [*world.twilio.messages])
    heard.update(("voice", one["To"]) for one in [*world.twilio.calls])
    heard.update(("telegram", str(one.chat), one.text) for one in [*world.telegram.sent])
    heard.update(("email", one.recipients[0], one.text) for one in [*world.smtp.taken])
    again: Counter[str] = Counter()
    for notice, times in heard.items():
        again[notice[0]] += times - 1
    return +again


def unfinished(store: Store) -> list[str]:
    """What is still to be done. What waits for a provider's sake is hurried on: nobody here can
    wait an hour. What a dead worker holds is not: that has to come free by itself."""
    left = []
    with store.write() as session:
        for table, waits in (
            (Message, Message.state == "new"),
            (AttachmentRow, AttachmentRow.state == "pending"),
            (OutboundRow, OutboundRow.state == "queued"),
        ):
            if count := session.scalar(select(func.count()).select_from(table).where(waits)):
                left.append(f"{count} rows of {table.__tablename__} are not done")
            session.execute(
                update(table)
                .where(waits, table.error.is_not(None), table.due_at > clock.now())
                .values(due_at=clock.now(), error=None)
            )
    return left


def _lost(store: Store, load: Load) -> Iterator[str]:
    """Whatever a provider was told is ours is one row."""
    yield from (f"{name} was never taken" for name in load.given_up)
    with store.read() as session:
        rows = session.execute(
            select(Message.channel, Message.external_id, Message.reference)
        ).all()
    kept = Counter(
        (channel, reference if channel == _BY_REFERENCE else external_id.partition(":")[0])
        for channel, external_id, reference in rows
    )
    for one in load.taken:
        if kept[one] != 1:
            yield f"{one} was taken, and is {kept[one]} rows"


def _cases(store: Store) -> Iterator[str]:
    """Every message is one case, waits for its sender's answer, or is kept for what it is."""
    with store.read() as session:
        messages = session.execute(
            select(Message.id, Message.channel, Message.state, Message.case_id, Message.hints)
        ).all()
        asked = set(session.scalars(select(Question.message_id)))
        cases = set(session.scalars(select(Case.id)))
    about: Counter[int] = Counter()
    for id_, channel, state, case, hints in messages:
        if state == "shunted":
            yield f"{channel} message {id_} was set aside"
        elif case is not None:
            about[case] += 1
        elif "event" not in hints and id_ not in asked:
            yield f"{channel} message {id_} is {state}, without a case"
    yield from (f"case {case} has {times} messages" for case, times in about.items() if times > 1)
    yield from (f"case {case} has no message" for case in cases - set(about))


def _notices(store: Store) -> Iterator[str]:
    """Everybody has an answer that was sent: no provider here refuses one for good."""
    with store.read() as session:
        rows = session.execute(
            select(OutboundRow.id, OutboundRow.state, OutboundRow.error).where(
                OutboundRow.state.not_in(("sent", "delivered"))
            )
        ).all()
        told = set(session.scalars(select(OutboundRow.case_id)))
        untold = session.scalars(
            select(Message.case_id).where(
                Message.case_id.is_not(None), Message.channel.not_in(("voice", "webform"))
            )
        ).all()
    yield from (f"notice {id_} is {state} ({error})" for id_, state, error in rows)
    yield from (f"nobody is told of case {case}" for case in untold if case not in told)
