"""The citizens a visitor can be: each has a phone, a Telegram account and a mailbox."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up citizen. ``chat`` is the Telegram id of the person and of their private chat."""

    key: str
    name: str
    first_name: str
    last_name: str
    phone: str
    mailbox: str
    chat: int
    language: str


PEOPLE = (
    Person(
        "amina",
        "أمينة برادة",
        "أمينة",
        "برادة",
        "+212612345678",
        "amina@example.org",
        712_345_001,
        "ar",
    ),
    Person(
        "idir",
        "Idir Ouazzani",
        "Idir",
        "Ouazzani",
        "+212661234567",
        "idir@example.org",
        712_345_002,
        "fr",
    ),
    Person(
        "lucia",
        "Lucía Serrano",
        "Lucía",
        "Serrano",
        "+34612345678",
        "lucia@example.org",
        712_345_003,
        "es",
    ),
)


def named(key: str) -> Person | None:
    """The person of that key."""
    return next((someone for someone in PEOPLE if someone.key == key), None)


def by_phone(number: str) -> Person | None:
    """Whose phone rings under that number."""
    return next((someone for someone in PEOPLE if someone.phone == number), None)


def by_mailbox(address: str) -> Person | None:
    """Whose mailbox that is."""
    wanted = address.strip().lower()
    return next((someone for someone in PEOPLE if someone.mailbox == wanted), None)


def by_chat(chat: str) -> Person | None:
    """Whose private chat with the bot that is."""
    return next((someone for someone in PEOPLE if str(someone.chat) == chat), None)
