"""The one format: what every channel's message becomes before anyone decides about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from channels.base import AddressKind, Attachment, Inbound, Location
from normalizer.contact import Address, canonical
from normalizer.intent import (
    Intent,
    Kind,
    Press,
    Verb,
    choice_of,
    hear,
    is_on_behalf,
    kind_named,
    kind_of,
    language_of,
    pin_of,
    press_of,
    rating_of,
    reach_of,
    wish_of,
)
from normalizer.language import Language, detect
from normalizer.mail_text import visible
from normalizer.text import clean, one_line
from normalizer.tracking import scan, without

#: What a channel may know of a wish without reading.
TOLD: tuple[Intent, ...] = ("stop", "start", "help", "status")
#: What a button asks for. Those not named here choose among what we offered.
_PRESSED: Mapping[Verb, Intent] = {
    "language": "language",
    "case": "status",
    "follow": "status",
    "rate": "rating",
    "reopen": "reopen",
    "leave": "no",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a citizen wrote, whatever the channel.

    ``sender`` is None when the channel names nobody (a web form). ``reply_to`` are the addresses
    that an answer may go to, best first. ``numbers`` are the valid tracking numbers in subject
    and text, twelve digits each, in order of appearance. ``auto`` is why it must not be answered,
    or None; ``event`` is what happened when nobody complained (a call began); ``thread`` is the
    number that a signed reply address stands for; ``wanted_language`` is the one they ask to be
    written to in; ``answered`` that their provider has answered already; ``keyed`` that they asked
    by a key and not in words; ``pin`` the code by which they may ask from another phone;
    ``transcriber`` the machine that wrote down what they said; ``told_kind`` the kind that they
    chose themselves, where a form asked; ``vouched`` whether our mail server found that the
    sender is who they say, None where it found nothing; ``too_large`` that their file is larger
    than the channel carries.
    ``full_text`` keeps what ``text`` leaves out (quoted mail, signatures).
    """

    channel: str
    account: str
    external_id: str
    received_at: datetime
    sender: Address | None
    sender_name: str | None
    reply_to: tuple[Address, ...]
    subject: str | None
    text: str
    full_text: str
    kind: Kind
    intent: Intent
    language: Language
    numbers: tuple[str, ...]
    in_reply_to: tuple[str, ...]
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    administration: str | None = None
    city: str | None = None
    auto: str | None = None
    bounced: bool = False
    event: str | None = None
    thread: str | None = None
    wanted_language: str | None = None
    answered: bool = False
    keyed: bool = False
    pin: str | None = None
    transcriber: str | None = None
    told_kind: Kind | None = None
    choice: int | None = None
    score: int | None = None
    comment: str = ""
    on_behalf: bool = False
    near: tuple[str, ...] = ()
    reach: Address | None = None
    pressed: Press | None = None
    own_tel: Address | None = None
    album: str | None = None
    migrated_to: str | None = None
    vouched: bool | None = None
    too_large: bool = False

    @property
    def proves_sender(self) -> bool:
        """Whether its sender surely wrote it. Anybody can write any name into a mail, so there it
        takes our mail server's word, or a reply address of ours that only its reader knows."""
        return self.channel != "email" or bool(self.vouched or self.thread)

    @property
    def is_forged(self) -> bool:
        """Whether our mail server found that its sender did not write it."""
        return self.vouched is False and self.thread is None

    @property
    def is_keyword(self) -> bool:
        """Whether it is a carrier's word. STOP is the same on every phone, so it does not tell
        what its sender speaks."""
        return self.intent in ("stop", "start", "help")

    @property
    def has_substance(self) -> bool:
        """Whether it says or shows anything at all."""
        says = any(character.isalnum() for character in self.text + (self.subject or ""))
        return bool(says or self.attachments or self.location)


def normalize(
    inbound: Inbound,
    channel: str,
    addresses: AddressKind,
    last_language: str | None = None,
    region: str = "MA",
) -> Complaint:
    """Turn a channel's message into a complaint. Pure, and total: it raises for no input.

    ``addresses`` is how the channel names people, ``last_language`` what this sender last wrote
    in, ``region`` the country whose phone numbers may be written without a prefix.
    """
    hints = inbound.hints
    text, full_text = _texts(inbound)
    subject = one_line(inbound.subject) if inbound.subject else None
    hint = hints.get("language") or last_language or hints.get("ui_language")
    language = detect(text or (subject or ""), hint=hint)
    sender = canonical(addresses, inbound.sender, region) if inbound.sender else None
    told = (
        canonical("mail", hints["reply_mail"], region) if hints.get("reply_mail") else None,
        canonical("tel", hints["reply_tel"], region) if hints.get("reply_tel") else None,
    )
    reply_to = tuple(address for address in (sender, *told) if address is not None)
    said = "\n".join(filter(None, (subject, text)))
    pressed = press_of(hints.get("pressed", ""))
    own_tel = canonical("tel", hints.get("own_tel", ""), region)
    numbers, near = scan(said)
    heard = hear(text)
    score, comment = rating_of(hear(without(text))) or (None, "")
    return Complaint(
        channel=channel,
        account=inbound.account,
        external_id=inbound.external_id,
        received_at=inbound.received_at,
        sender=sender,
        sender_name=one_line(inbound.sender_name) if inbound.sender_name else None,
        reply_to=reply_to,
        subject=subject,
        text=text,
        full_text=full_text,
        kind=kind_of(said, hints.get("kind")),
        intent=_told(hints, pressed) or wish_of(text, has_files=bool(inbound.attachments)),
        language=language,
        numbers=numbers,
        in_reply_to=inbound.in_reply_to,
        attachments=inbound.attachments,
        location=inbound.location,
        administration=hints.get("administration"),
        city=hints.get("city"),
        auto=hints.get("bounce") or hints.get("auto"),
        bounced="bounce" in hints,
        event=hints.get("event"),
        thread=hints.get("thread"),
        wanted_language=_wanted_language(text, pressed),
        answered="opt_out" in hints,
        keyed="intent" in hints,
        pin=hints.get("pin") or pin_of(heard),
        transcriber=hints.get("transcriber"),
        told_kind=kind_named(hints.get("kind")),
        choice=choice_of(heard),
        score=score,
        comment=comment,
        on_behalf="on_behalf" in hints or is_on_behalf(said),
        near=near,
        reach=reach_of(text, region),
        pressed=pressed,
        own_tel=own_tel if own_tel and own_tel.kind == "tel" else None,
        album=hints.get("album"),
        migrated_to=hints.get("migrated_to"),
        vouched=_vouched(hints),
        too_large="too_large" in hints,
    )


def _told(hints: Mapping[str, str], pressed: Press | None) -> Intent | None:
    """What the wire itself says that the citizen wants: a button, a key, a word that the provider
    obeyed."""
    if pressed:
        return _PRESSED.get(pressed.verb, "choice")
    said = hints.get("opt_out") or hints.get("intent") or ""
    return next((intent for intent in TOLD if intent == said.lower()), None)


def _vouched(hints: Mapping[str, str]) -> bool | None:
    """Only DMARC speaks of the name that people see (RFC 7489); SPF and DKIM may be another's."""
    found = hints.get("authenticity", "").split()
    return {"dmarc=pass": True, "dmarc=fail": False}.get(found[-1]) if found else None


def _wanted_language(text: str, pressed: Press | None) -> str | None:
    if pressed and pressed.verb == "language":
        return pressed.argument
    return language_of(text)


def _texts(inbound: Inbound) -> tuple[str, str]:
    """What the citizen newly wrote, and all that their message holds (quotes, signatures)."""
    form = inbound.hints.get("text_format")
    if form is None:
        text = clean(inbound.text)
        return text, text
    new, full = visible(inbound.text, html=form == "html")
    return clean(new), clean(full) or clean(new)
