"""Plays a written dialogue on the devices: over the real wires, with its time passing at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import func, select

from gateway import clock
from gateway.asking import give_up
from gateway.house import House
from gateway.models import Case, Message, OutboundRow
from gateway.web.simulator.journal import File
from gateway.web.simulator.people import PEOPLE, Person
from normalizer.tracking import spaced

if TYPE_CHECKING:
    from gateway.web.simulator import Simulator

#: The dialogues of the tests; a packaged install has none.
FOLDER = Path(__file__).parents[3] / "tests" / "dialogues"
_PHOTO = Path(__file__).parent / "static" / "photo.jpg"
#: What a step may hold to be played here: the rest needs hands that no device has.
_PLAYED = {"says", "who", "over", "soon", "photo", "location", "press", "subject", "agent", "wait"}
_CHECKS = {
    *("answer", "answers_over", "has", "lacks", "case", "status", "administration", "held"),
    *("cases", "questions", "language", "rating", "on_behalf", "reopened", "city", "of"),
    *("message", "spoken", "offers", "offers_not", "sends", "retires"),
}
_CHANNELS = ("sms", "telegram", "email")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
#: How long one step may take to go through, in real seconds, on a busy machine.
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Script:
    """A dialogue that can be played here."""

    name: str
    title: str
    steps: tuple[Mapping[str, Any], ...]


@cache
def scripts() -> Mapping[str, Script]:
    """All of them, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        data = yaml.safe_load(path.read_text("utf-8"))
        if all(_can(step) for step in data["steps"]):
            found[path.stem] = Script(path.stem, data["title"], tuple(data["steps"]))
    return found


def _can(step: Mapping[str, Any]) -> bool:
    known = step.keys() <= _PLAYED | _CHECKS and step.get("over", "sms") in _CHANNELS
    return known and step.get("who") != "driss"


def may_replay(house: House) -> bool:
    """Time passes for this process alone: only where it is the only one, and nobody else's."""
    settings = house.settings
    return settings.redis_url is None and settings.simulator != "allow-public"


@dataclass
class Replay:
    """One script on its way. ``first`` is the visitor; who else speaks is another of the people."""

    simulator: Simulator
    house: House
    first: Person
    who: str = "amina"
    over: str = "sms"
    before: int = 0
    cast: dict[str, Person] = field(default_factory=dict)

    def run(self, script: Script) -> None:
        """Play it to its end, as quickly as the wires carry it."""
        self.before = self._count(func.max(Case.id))
        for step in script.steps:
            if "wait" in step:
                said = str(step["wait"])
                clock.pass_time(timedelta(**{_UNITS[said[-1]]: int(said[:-1])}))
                give_up(self.house.pipeline.parts, clock.now())
            elif "agent" in step:
                self._agent(step)
            else:
                self._say(step)
            self._until(self._is_idle)

    def _agent(self, step: Mapping[str, Any]) -> None:
        self.house.cases.change(
            self._numbers()[ord(step["case"]) - ord("A")],
            status=step["agent"],
            message=step.get("message"),
            actor="simulator",
        )

    def _say(self, step: Mapping[str, Any]) -> None:
        self.who, self.over = step.get("who", self.who), step.get("over", self.over)
        clock.pass_time(timedelta(seconds=20 if step.get("soon") else 200))
        heard = self._count(func.count(Message.id))
        self._deed(step)(self._person())
        self._until(lambda: self._count(func.count(Message.id)) > heard)

    def _deed(self, step: Mapping[str, Any]) -> Callable[[Person], None]:
        text, telegram = self._filled(str(step.get("says") or "")), self.simulator.telegram
        photo = File("photo.jpg", "image/jpeg", _PHOTO.read_bytes()) if "photo" in step else None
        if "press" in step:
            message, value = self._button(str(step["press"]))
            return lambda who: telegram.press(who, message, value)
        if "location" in step:
            return lambda who: telegram.send_location(who, *step["location"])
        if self.over == "email":
            subject, files = self._filled(str(step.get("subject", ""))), [photo] if photo else []
            return lambda who: self.simulator.mail.send(who, subject, text, files)
        if self.over == "sms":
            return lambda who: self.simulator.texts.send(who, text)
        if photo:
            return lambda who: telegram.send_photo(who, photo, text)
        return lambda who: telegram.write(who, text)

    def _person(self) -> Person:
        if self.who not in self.cast:
            free = [one for one in (self.first, *PEOPLE) if one not in self.cast.values()]
            self.cast[self.who] = free[0]
        return self.cast[self.who]

    def _numbers(self) -> list[str]:
        with self.house.store.read() as session:
            mine = select(Case.number).where(Case.id > self.before).order_by(Case.id)
            return list(session.scalars(mine))

    def _filled(self, text: str) -> str:
        def number(found: re.Match[str]) -> str:
            known = self._numbers()[ord(found[1]) - ord("A")]
            wrong = known[:5] + str((int(known[5]) + 1) % 10) + known[6:]
            return spaced(wrong if found[2] else known)

        return re.sub(r"\{([A-Z])(~?)\}", number, text)

    def _button(self, wanted: str) -> tuple[int, str]:
        verb, _, argument = wanted.partition(" ")
        begins = self._filled(wanted).replace(" ", "")
        with self.house.store.read() as session:
            rows = session.scalars(
                select(OutboundRow)
                .where(OutboundRow.channel == "telegram", OutboundRow.provider_id.is_not(None))
                .order_by(OutboundRow.id.desc())
                .limit(10)
            ).all()
        for row in rows:
            for value, label in row.choices:
                by_verb = argument.isdecimal() and value.endswith(f":{argument}")
                if label == wanted or value.startswith(begins) or (by_verb and verb in value):
                    return int(str(row.provider_id).rpartition(":")[2]), value
        return 0, ""

    def _is_idle(self) -> bool:
        with self.house.store.read() as session:
            waits = select(func.count(Message.id)).where(Message.state == "new")
            leaves = select(func.count(OutboundRow.id)).where(
                OutboundRow.state == "queued", OutboundRow.tries < 2
            )
            return not (session.scalar(waits) or session.scalar(leaves))

    def _count(self, what: Any) -> int:
        with self.house.store.read() as session:
            return session.scalar(select(what)) or 0

    @staticmethod
    def _until(came: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while not came() and time.monotonic() < until:
            time.sleep(0.1)
