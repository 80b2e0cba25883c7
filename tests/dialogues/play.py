"""Plays a dialogue written down in YAML through the real road, and says where it goes otherwise.

A dialogue is a list of steps. Each is one of:

``says``   a message: ``who`` and ``over`` hold until they are said anew. With it may stand
           ``subject``, ``photo``, ``location``, ``reply_to`` (the key of an answer, or ``mine``),
           ``press`` (the label or the verb of a button), ``hints``, ``id`` (to send it twice).
``agent``  an administration gives a case a status, with ``message``.
``wait``   time passes: ``90s``, ``30m``, ``5h``, ``3d``.

What must follow stands in the same step: ``answer`` (the keys of all that is said, by its sentence;
nothing where it is left out), ``answers_over``, ``has`` and ``lacks`` (words), ``to``, ``spoken``
(words said on the line or shown on the page), ``offers`` and ``offers_not`` (how the value of a
button begins), ``sends`` (words that only the provider gets), ``retires`` (whether the pressed
button goes); and what the database holds: ``case`` (a letter: the first is A), ``status``,
``administration``, ``held``, ``cases`` (how many there are), ``rating``, ``questions`` (the open
ones). ``{A}`` in a text is the number of case A, ``{A~}`` the same with a wrong digit, ``{code}``
the code that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from channels.base import AddressKind, Attachment, Inbound, Location, Outbound, Receipt
from gateway import links
from gateway.asking import give_up
from gateway.house import House
from gateway.models import AddressRow, Case, Message, OutboundRow, Question
from normalizer.tracking import spaced

FOLDER = Path(__file__).parent
START = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
#: Each person's address per channel; who has no phone or mailbox of their own is given one.
PEOPLE = ("amina", "brahim", "chaima", "driss")
ADDRESSES: Mapping[str, AddressKind] = {
    "sms": "tel",
    "voice": "tel",
    "telegram": "telegram",
    "email": "mail",
    "webform": "other",
}
_PHOTO = b"\xff\xd8\xff\xe0" + b"\0" * 32
#: A one-time link as it is sent.
_TOKEN = re.compile(rf"/l/[\w]{{{len(links.MASK)}}}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Recorder:
    """A provider that takes everything: what a citizen would see."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.addresses = ADDRESSES[name]
        self.sent: list[Outbound] = []

    def send(self, message: Outbound) -> str:
        """Take a message."""
        self.sent.append(message)
        return f"{self.name}-{message.id}"

    def check(self) -> str:
        """It always works."""
        return "recording"


class Speaking(Recorder):
    """One that says the number in its HTTP answer."""

    speaks_number = True

    def receive(self, request: Any) -> Sequence[Inbound]:
        """Not asked here: messages are handed over as the adapter makes them."""
        raise NotImplementedError

    def answer(self, request: Any, receipts: Sequence[Receipt]) -> Any:
        """Likewise."""
        raise NotImplementedError


def recorders() -> dict[str, Recorder]:
    """One for each channel."""
    return {
        name: (Speaking if name in ("voice", "webform") else Recorder)(name) for name in ADDRESSES
    }


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One file: ``name`` is the file's, ``rules`` are the rows of the table that it passes,
    ``steps`` as they are written there."""

    name: str
    title: str
    languages: tuple[str, ...]
    rules: frozenset[str]
    steps: tuple[Mapping[str, Any], ...]


def load(path: Path) -> Dialogue:
    """Read a file."""
    data = yaml.safe_load(path.read_text("utf-8"))
    return Dialogue(
        path.stem,
        data["title"],
        tuple(data["languages"]),
        frozenset(data["rules"]),
        tuple(data["steps"]),
    )


def dialogues() -> list[Dialogue]:
    """All of them, by name."""
    return [load(path) for path in sorted(FOLDER.glob("*.yaml"))]


@dataclass
class Play:
    """One dialogue on its way. ``at`` is what time it is there."""

    house: House
    wires: Mapping[str, Recorder]
    at: datetime = START
    who: str = PEOPLE[0]
    over: str = "sms"
    cases: list[str] = field(default_factory=list)
    seen: int = 0
    messages: int = 0
    receipt: Receipt | None = None
    pressed_on: str = ""

    def run(self, dialogue: Dialogue) -> None:
        """Play it to its end. Raises AssertionError at the first step that goes otherwise."""
        for n, step in enumerate(dialogue.steps, 1):
            where = f"{dialogue.name}, step {n}"
            if "wait" in step:
                self.wait(str(step["wait"]))
            elif "agent" in step:
                self.agent(step)
            else:
                self.say(step)
            self.drain()
            self._look(step, where)
        with self.house.store.read() as session:
            states = set(session.scalars(select(Message.state)))
        assert states <= {"done", "held"}, f"{dialogue.name}: messages are {states}"

    # What happens.

    def wait(self, said: str) -> None:
        """Time passes, and the round is made."""
        self.at += timedelta(**{_UNITS[said[-1]]: int(said[:-1])})
        give_up(self.house.pipeline.parts, self.at)

    def agent(self, step: Mapping[str, Any]) -> None:
        """An administration does something to a case."""
        self.at += timedelta(seconds=5)
        self.house.cases.change(
            self._number(step["case"]),
            status=step["agent"],
            message=step.get("message"),
            administration=step.get("to_administration"),
            actor="agent",
            **({"ground": step["ground"]} if "ground" in step else {}),
        )

    def say(self, step: Mapping[str, Any]) -> None:
        """A citizen says something."""
        self.who, self.over = step.get("who", self.who), step.get("over", self.over)
        # So that nothing is a burst by chance; a burst says so.
        self.at += timedelta(seconds=20 if step.get("soon") else 200)
        receipt = self.house.pipeline.accept(self.over, self._inbound(step))
        if self.over in ("voice", "webform"):
            receipt = self.house.pipeline.settle_now(receipt)
        self.receipt = receipt

    def _inbound(self, step: Mapping[str, Any]) -> Inbound:
        self.messages += 1
        hints = {
            key: self._filled(str(value)).replace(" ", "")
            for key, value in step.get("hints", {}).items()
        }
        text = self._filled(str(step.get("says") or ""))
        if "press" in step:
            hints["pressed"], text = self._button(str(step["press"]))
        answered = (self.pressed_on,) if "press" in step else self._replied(step.get("reply_to"))
        place = step.get("location")
        if self.over == "email":
            hints.setdefault("text_format", "mail")
        photos = int(step.get("photo", 0))
        return Inbound(
            external_id=str(step.get("id") or f"m{self.messages}"),
            account="ours",
            sender=self._address(),
            text=text,
            raw=text.encode(),
            received_at=self.at,
            subject=self._filled(step["subject"]) if "subject" in step else None,
            in_reply_to=answered,
            attachments=(Attachment("photo.jpg", "image/jpeg", _PHOTO),) * photos,
            location=Location(float(place[0]), float(place[1])) if place else None,
            hints=hints,
        )

    def _address(self) -> str:
        n = PEOPLE.index(self.who) + 1
        return {
            "tel": f"+21261100000{n}",
            "telegram": f"-10{n}" if self.who == "driss" else f"70{n}",
            "mail": f"{self.who}@example.ma",
            "other": "",
        }[ADDRESSES[self.over]]

    def drain(self) -> None:
        """Do all the work that waits."""
        while self.house.pipeline.process():
            pass
        for name in self.wires:
            while self.house.pipeline.deliver(name):
                pass

    # What is known.

    def _number(self, letter: str) -> str:
        return self.cases[ord(letter) - ord("A")]

    def _filled(self, text: str) -> str:
        text = re.sub(r"\{([A-Z])\}", lambda found: spaced(self._number(found[1])), text)
        text = re.sub(r"\{([A-Z])~\}", lambda found: _slipped(self._number(found[1])), text)
        return text.replace("{code}", self._code()) if "{code}" in text else text

    def _code(self) -> str:
        with self.house.store.read() as session:
            row = session.scalars(select(OutboundRow).where(OutboundRow.key == "proof_code")).all()
        return str(row[-1].facts["code"])

    def _replied(self, to: str | None) -> tuple[str, ...]:
        if to is None:
            return ()
        with self.house.store.read() as session:
            if to == "mine":
                return (session.scalars(select(Message).order_by(Message.id)).all()[-1].reference,)
            rows = session.scalars(select(OutboundRow).filter_by(key=to)).all()
        return (str(rows[-1].provider_id),)

    def _button(self, wanted: str) -> tuple[str, str]:
        """The latest button of that label, of that value (or its beginning), or of that verb and
        argument: ``pick 0``."""
        verb, _, argument = wanted.partition(" ")
        value_begins = self._filled(wanted).replace(" ", "")
        for sent in reversed(self.wires[self.over].sent):
            self.pressed_on = f"{self.over}-{sent.id}"
            for value, label in sent.choices:
                by_verb = argument.isdecimal() and value.endswith(f":{argument}")
                if label == wanted or value.startswith(value_begins):
                    return value, label
                if by_verb and value.startswith(verb):
                    return value, label
        raise AssertionError(f"there is no button {wanted}")

    # What must follow.

    def _look(self, step: Mapping[str, Any], where: str) -> None:
        new = self._new_rows()
        self.name_cases()
        wanted = step.get("answer") or []
        wanted = [wanted] if isinstance(wanted, str) else wanted
        assert [row.key for row in new] == wanted, (
            f"{where}: said {[row.key for row in new]}, not {wanted}"
        )
        for row in new:
            said = row.text
            assert self._filled(step.get("has", "")) in said, f"{where}: {said!r}"
            assert not step.get("lacks") or self._filled(step["lacks"]) not in said, where
            if row.automatic and row.channel == "sms":
                assert row.segments == 1, f"{where}: {row.segments} segments: {said!r}"
            assert not _TOKEN.search(said), f"{where}: a link that works can be read: {said!r}"
        for wire in self.wires.values():
            assert all(links.MASK not in sent.text for sent in wire.sent), where
        self._look_at_wire(step, where, new)
        if "answers_over" in step:
            assert {row.channel for row in new} == {step["answers_over"]}, where
        if "language" in step:
            assert {row.language for row in new} == {step["language"]}, where
        self._look_at_database(step, where)

    def _look_at_wire(self, step: Mapping[str, Any], where: str, new: list[OutboundRow]) -> None:
        """What the provider was given, and what the channel itself answered."""
        spoken = self._filled(step.get("spoken", ""))
        assert spoken in ((self.receipt and self.receipt.text) or ""), f"{where}: {self.receipt}"
        values = [value for row in new for value, _ in row.choices]
        for begins in step.get("offers", ()):
            assert any(value.startswith(begins) for value in values), f"{where}: {values}"
        for begins in step.get("offers_not", ()):
            assert not any(value.startswith(begins) for value in values), f"{where}: {values}"
        if "sends" in step or "retires" in step:
            sent = self.wires[new[-1].channel].sent[-1]
            assert re.search(step.get("sends", ""), sent.text), f"{where}: {sent.text!r}"
            assert bool(sent.retires) == step.get("retires", bool(sent.retires)), where

    def _look_at_database(self, step: Mapping[str, Any], where: str) -> None:
        with self.house.store.read() as session:
            message = session.scalars(select(Message).order_by(Message.id)).all()[-1]
            if "case" in step and "agent" not in step:
                number = session.get_one(Case, message.case_id).number if message.case_id else None
                wanted = self._number(step["case"]) if step["case"] else None
                assert number == wanted, f"{where}: its case is {number}, not {wanted}"
            assert (message.state == "held") == step.get("held", False) or "wait" in step, where
            about = self._about(step)
            case = session.scalar(select(Case).where(Case.number == about)) if about else None
            for name in ("status", "administration", "rating", "on_behalf", "reopened", "city"):
                if name in step and case is not None:
                    found = getattr(case, name)
                    assert found == step[name], f"{where}: {name} is {found}"
            if "cases" in step:
                assert len(self.cases) == step["cases"], f"{where}: {len(self.cases)} cases"
            if "questions" in step:
                asked = select(Question.key).where(
                    Question.settled_at.is_(None), Question.expires_at > self.at
                )
                found = sorted(session.scalars(asked.join(AddressRow)))
                assert found == sorted(step["questions"]), f"{where}: asked {found}"

    def _about(self, step: Mapping[str, Any]) -> str | None:
        letter = step.get("case") or step.get("of")
        return self._number(letter) if letter else (self.cases[-1] if self.cases else None)

    def _new_rows(self) -> list[OutboundRow]:
        with self.house.store.read() as session:
            rows = session.scalars(
                select(OutboundRow).where(OutboundRow.id > self.seen).order_by(OutboundRow.id)
            ).all()
        self.seen = rows[-1].id if rows else self.seen
        return list(rows)

    def name_cases(self) -> None:
        """Know the cases by their letters."""
        with self.house.store.read() as session:
            self.cases = list(session.scalars(select(Case.number).order_by(Case.id)))


def _slipped(number: str) -> str:
    """The number with one digit wrong."""
    return spaced(number[:5] + str((int(number[5]) + 1) % 10) + number[6:])


def rules(records: Sequence[Any]) -> Iterator[str]:
    """The rows of the table that decided, from what was logged."""
    for record in records:
        if isinstance(record.msg, dict) and record.msg.get("event") == "placed":
            yield record.msg["rule"]
