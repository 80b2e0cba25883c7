"""Puts what there is to say to a citizen into an outbound row, for the channel it will take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import questions, tracing
from gateway.choices import Choice, listed
from gateway.fitting import fit, is_chat, split
from gateway.messages import SENTENCES, Style, render, speak
from gateway.models import CLOSED, AddressRow, Case, CaseAddress, Event, Message, OutboundRow
from gateway.segments import measure
from gateway.settings import Settings
from normalizer.contact import takes_texts
from routing.directory import Directory

#: Sentences that a whole-message channel may carry are long; these channels have their own.
STYLES: Mapping[str, Style] = {"sms": "sms", "voice": "voice"}
#: Ways to a phone that its number shares with SMS: an account there is written with its name
#: before it (``whatsapp:+1…``), and what fails there goes out as an SMS.
NETWORKS = ("whatsapp",)
#: How a sentence changes while nobody is competent yet, and when the case is over.
_IN_TRIAGE = {"acknowledged": "acknowledged_triage", "status": "status_triage"}
_OVER = {"status": "status_over"}
#: Who speaks while no administration does.
_HOUSE = "Guichet"
#: Answering over one of these would be a second voice: they are only ever spoken to.
_DEAF = ("webform",)
#: The channels on which an agent's files can go along.
FILE_CHANNELS = ("email", "telegram")
#: The channels on which choices are buttons; elsewhere they stand below the text, each with its
#: digit.
BUTTON_CHANNELS = ("telegram",)
#: The notices that ask how content their citizen is, and how long each waits for an answer.
_ASKS_RATING = {"closed": timedelta(days=3), "rate_reminder": timedelta(days=27)}
#: A mail's References grow without end otherwise (RFC 5322 sets no limit, servers do).
_REFERENCES = 10

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """How a citizen is reached: an address, over a channel, by one of our accounts there."""

    address: AddressRow
    channel: str
    account: str = ""

    @property
    def network(self) -> str | None:
        """Which of ``NETWORKS`` it takes, if one."""
        return network_of(self.account)

    @property
    def style(self) -> Style:
        """How long a sentence may be here; chats have room where SMS have none."""
        return "long" if self.network else STYLES.get(self.channel, "long")

    @property
    def label(self) -> str:
        """One word for the way, without the address."""
        return f"{self.channel}+{self.network}" if self.network else self.channel

    @property
    def has_buttons(self) -> bool:
        """Whether choices are pressed here, and not written."""
        return self.channel in BUTTON_CHANNELS


@dataclass(frozen=True, slots=True)
class Notices:
    """What all notices share: the administrations' names, the zone, and the channels in service
    with the kind of address that each one reaches."""

    settings: Settings
    directory: Directory
    channels: Mapping[str, str]

    def say(self, key: str, facts: Facts, language: str, style: Style) -> str:
        """The sentence ``key`` in the citizen's language, as long as ``style`` allows.

        ``facts`` are plain values as kept with the row: number, administration (slug), due (ISO
        date), status, message.
        """
        spoken = speak(language, self.settings.default_language)
        told = dict(facts)
        if due := facts.get("due"):
            told["due"] = date.fromisoformat(due)
        if slug := facts.get("administration"):
            told["administration"] = self.administration(slug, spoken, short=style == "sms")
        else:
            key = _IN_TRIAGE.get(key, key)
            told["administration"] = _HOUSE
        if facts.get("status") in (*CLOSED, "answered"):
            key = _OVER.get(key, key)
        said = render(key, spoken, style, **told)
        message = facts.get("message")
        # Whatever an agent adds is told, also where the sentence has no place for it.
        return f"{said}\n{message}" if message and "message" not in SENTENCES[key] else said

    def administration(self, slug: str, language: str, *, short: bool = False) -> str:
        """An administration's name for people; ours for one that left the directory."""
        found = self.directory.get(slug)
        return found.label(language, short=short) if found else _HOUSE

    def ways(self, session: Session, case: Case) -> Iterator[Way]:
        """Every way to the person behind a case, best first: back over the channel it came,
        then the same address by another channel, then their other addresses."""
        rows = session.scalars(
            select(AddressRow)
            .join(CaseAddress, CaseAddress.address_id == AddressRow.id)
            .where(CaseAddress.case_id == case.id)
            .order_by(AddressRow.id != case.address_id, AddressRow.id)
        ).all()
        for address in rows:
            if address.stopped_at is None:
                yield from self.ways_to(address, case.channel, case.account)

    def ways_to(self, address: AddressRow, channel: str, account: str) -> Iterator[Way]:
        """The channels that reach one address, the one it wrote over first and calls last."""
        able = [
            name
            for name, addresses in self.channels.items()
            if addresses == address.kind and name not in _DEAF
        ]
        for name in sorted(able, key=lambda name: (name != channel, name == "voice")):
            way = Way(address, name, account if name == channel else "")
            if way.network:
                yield way
                way = Way(address, name)
            if name != "sms" or takes_texts(address.value):
                yield way

    def tell(
        self,
        session: Session,
        case: Case,
        key: str,
        cause: str,
        now: datetime,
        *,
        message: str | None = None,
        automatic: bool = True,
    ) -> OutboundRow | None:
        """Queue a notice about a case; None when there is no way to its citizen, which the
        case's history then says.

        Closing asks for a rating: the same message says so.
        """
        way = next(self.ways(session, case), None)
        if way is None:
            session.add(_event(case, "nobody_to_tell", now, {"notice": key}))
            return None
        buttons: tuple[Choice, ...] = ()
        if key in _ASKS_RATING:
            buttons = _ask_rating(session, case, way, now, _ASKS_RATING[key])
        drafts = self.drafts(
            session,
            way,
            key,
            self.facts(case) | ({} if message is None else {"message": message}),
            case.language,
            cause,
            now,
            case,
            automatic,
            buttons=buttons,
            # Somebody waits for a person's words.
            bulk=not message,
        )
        return self.queue(session, drafts)

    def facts(self, case: Case) -> dict[str, Any]:
        """What a sentence about a case may need, in values that JSON keeps."""
        return {
            "number": case.number,
            "administration": case.administration,
            "due": case.due_at.astimezone(self.settings.zone).date().isoformat(),
            "status": case.status,
        }

    def queue(self, session: Session, drafts: Sequence[Mapping[str, Any]]) -> OutboundRow:
        """Write what ``drafts`` made; the first row is returned."""
        rows = [OutboundRow(**draft) for draft in drafts]
        session.add_all(rows)
        return rows[0]

    def drafts(
        self,
        session: Session,
        way: Way,
        key: str,
        facts: Facts,
        language: str,
        cause: str,
        now: datetime,
        case: Case | None = None,
        automatic: bool = True,
        thread: Sequence[str] | None = None,
        choices: Sequence[Choice] = (),
        buttons: Sequence[Choice] = (),
        bulk: bool = False,
        trace: str | None = None,
    ) -> list[dict[str, Any]]:
        """The columns of an outbound row, or of several when the text is too long for one message.
        ``cause`` with the way makes it unique: one cause, one notice.

        ``choices`` are answers that can be picked on every channel, and stay with the facts so
        that another way offers them too; ``thread`` is what it answers, where its caller knows
        that better than the case's messages; ``buttons`` are for channels that have some. ``bulk``
        goes out when nothing else does. ``trace`` is that of what is answered; without, one
        begins here.
        """
        # Nothing is answered to one message of many in a text or a call.
        threads = case is not None and way.channel not in STYLES
        if thread is None:
            thread = _thread(session, case, way.channel) if case and threads else ()
        spoken = speak(language, self.settings.default_language)
        if choices:
            facts = {**facts, "options": [list(choice) for choice in choices]}
        trace = trace or tracing.new()
        text = self.text(way, key, facts, language)
        texts = [text]
        if way.style == "sms":
            texts = split(fit(text, spoken))
        elif way.network:
            texts = split(text, is_chat)
        rows: list[dict[str, Any]] = [
            {
                "cause": f"{cause}{f'#{n}' if n else ''}/{way.label}/{way.address.id}",
                "case_id": case.id if case else None,
                "address_id": way.address.id,
                "channel": way.channel,
                "account": way.account,
                "key": key,
                "facts": dict(facts),
                "text": one,
                "language": spoken,
                "subject": self._subject(case, facts, language, way.channel),
                "in_reply_to": thread[-1] if thread else None,
                "references": list(thread),
                "trace": trace,
                "choices": [],
                "files": [],
                "automatic": automatic,
                "bulk": bulk,
                "segments": measure(one).segments if way.style == "sms" else None,
                "state": "queued",
                "due_at": now,
                "tries": 0,
                "created_at": now,
            }
            for n, one in enumerate(texts)
        ]
        if way.has_buttons:
            rows[-1]["choices"] = [*facts.get("options", ()), *(list(one) for one in buttons)]
        return rows

    def text(self, way: Way, key: str, facts: Facts, language: str) -> str:
        """What a notice says on this way, with the choices that are no buttons there."""
        options = facts.get("options")
        if not options or way.has_buttons:
            return self.say(key, {**facts, "choices": ""}, language, way.style)
        spoken = speak(language, self.settings.default_language)

        def with_lines(lines: str) -> str:
            return self.say(key, {**facts, "choices": lines}, language, way.style)

        fits = partial(_fits, way.style, spoken)
        return with_lines(listed(options, lambda lines: fits(with_lines(lines))))

    def is_short(self, way: Way, key: str, facts: Facts, language: str) -> bool:
        """Whether it goes out as one SMS, where it is one."""
        spoken = speak(language, self.settings.default_language)
        return _fits(way.style, spoken, self.text(way, key, facts, language))

    def label(self, key: str, language: str) -> str:
        """The name of a button."""
        return render(key, speak(language, self.settings.default_language), "long")

    def next_way(self, session: Session, failed: OutboundRow) -> Way | None:
        """Another way for a notice that could not be delivered, one not tried yet for it."""
        case = session.get(Case, failed.case_id) if failed.case_id else None
        if case is None:
            return None
        cause = cause_of(failed)
        tried = {
            (channel, network_of(account), address)
            for channel, account, address in session.execute(
                select(OutboundRow.channel, OutboundRow.account, OutboundRow.address_id).where(
                    OutboundRow.cause.startswith(cause + "/", autoescape=True)
                )
            )
        }
        for way in self.ways(session, case):
            if (way.channel, way.network, way.address.id) not in tried:
                return way
        return None

    def _subject(self, case: Case | None, facts: Facts, language: str, channel: str) -> str | None:
        if channel in STYLES:
            return None
        if case is not None and case.channel == channel and case.subject:
            return case.subject if _is_reply(case.subject) else f"Re: {case.subject}"
        spoken = speak(language, self.settings.default_language)
        if number := facts.get("number"):
            return render("subject", spoken, "long", number=number)
        return _HOUSE


def cause_of(row: OutboundRow) -> str:
    """The cause without the way it took, and without which piece of a long text it is."""
    return row.cause.rsplit("/", 2)[0].partition("#")[0]


def network_of(account: str) -> str | None:
    """Which of ``NETWORKS`` an account of ours belongs to, if one."""
    name = account.partition(":")[0]
    return name if name in NETWORKS and name != account else None


def _thread(session: Session, case: Case, channel: str) -> tuple[str, ...]:
    """The channel's own ids of what the citizen wrote in this case, latest last."""
    references = session.scalars(
        select(Message.reference)
        .where(Message.case_id == case.id, Message.channel == channel)
        .order_by(Message.id.desc())
        .limit(_REFERENCES)
    ).all()
    return tuple(reversed(references))


def _ask_rating(
    session: Session, case: Case, way: Way, now: datetime, lifetime: timedelta
) -> tuple[Choice, ...]:
    """Wait for a rating from where the notice goes; the buttons that give one."""
    case.rating_asked_at, case.rating_asked = now, case.rating_asked + 1
    questions.ask(
        session,
        way.address,
        way.channel,
        way.account,
        "rating",
        (),
        now,
        case=case,
        lifetime=lifetime,
    )
    return tuple((f"rate:{case.number}:{score}", str(score)) for score in range(1, 6))


def _fits(style: Style, language: str, text: str) -> bool:
    return style != "sms" or measure(fit(text, language)).segments == 1


def _is_reply(subject: str) -> bool:
    return subject[:3].lower() == "re:"


def _event(case: Case, kind: str, now: datetime, data: dict[str, Any]) -> Event:
    return Event(case_id=case.id, at=now, actor="guichet", kind=kind, data=data)
