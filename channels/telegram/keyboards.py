"""The keys under a message: buttons for its choices, or one that sends a place or a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from channels.base import Outbound, Phrase, SendFailed

#: https://core.telegram.org/bots/api#inlinekeyboardbutton
CALLBACK_BYTES = 64
#: How many buttons stand in a row, by how long the longest label is: on a narrow phone a row holds
#: the five marks of a rating, two languages, or one case.
_ROWS = ((3, 5), (16, 2))

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove


def keyboard(message: Outbound, chat: str, phrase: Phrase) -> Markup | None:
    """What hangs under a message. Raises SendFailed for a choice that no button carries.

    An answer without keys of its own takes away the one that asked for a place or a number.
    """
    if message.choices:
        return _buttons(message.choices)
    # Telegram offers these in private chats only; a group's id is negative.
    private = not chat.startswith("-")
    if private and message.asks in ("location", "contact"):
        key = KeyboardButton(
            phrase(f"button_{message.asks}", message.language),
            request_location=message.asks == "location",
            request_contact=message.asks == "contact",
        )
        return ReplyKeyboardMarkup([[key]], resize_keyboard=True, one_time_keyboard=True)
    return ReplyKeyboardRemove() if private and message.automatic else None


def _buttons(choices: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup:
    if any(len(value.encode()) > CALLBACK_BYTES for value, _ in choices):
        raise SendFailed("a choice is longer than a Telegram button can carry", retryable=False)
    buttons = [InlineKeyboardButton(label, callback_data=value) for value, label in choices]
    return InlineKeyboardMarkup([*_rows(buttons, _across([label for _, label in choices]))])


def _across(labels: Sequence[str]) -> int:
    longest = max(map(len, labels))
    return next((across for length, across in _ROWS if longest <= length), 1)


def _rows(
    buttons: Sequence[InlineKeyboardButton], across: int
) -> Iterator[Sequence[InlineKeyboardButton]]:
    for first in range(0, len(buttons), across):
        yield buttons[first : first + across]
