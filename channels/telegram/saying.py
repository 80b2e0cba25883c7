"""One message to one chat, however many of Telegram's messages that makes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.error import RetryAfter

from channels.base import Attachment, Outbound, Phrase
from channels.telegram.failures import ERRORS
from channels.telegram.keyboards import Markup, keyboard
from channels.telegram.parts import CAPTION, fits, split

#: What comes after a part that Telegram took waits so many seconds in its place; a longer wait
#: would keep others from their turn.
_PATIENCE = 5.0

Call = partial[Coroutine[Any, Any, Message]]


async def say(bot: Bot, message: Outbound, phrase: Phrase, taken: list[str]) -> str:
    """Say a message, and return the id of the last part that has words.

    ``taken`` grows with the ids of what Telegram took, so that whoever sees an error knows
    whether it came half-way: saying the message again then repeats those parts.
    """
    keys = keyboard(message, message.to, phrase)
    files = [file for file in message.attachments if file.content is not None]
    if len(files) == 1 and message.text and fits(message.text, CAPTION):
        # Words and file in one message: nothing can come between them.
        worded = [_document(bot, message, files.pop(), message.text, keys, _reply(message))]
    else:
        worded = _texts(bot, message, keys)
    for call in worded:
        taken.append(await _take(call, taken))
    said = taken[-1]
    for file in files:
        taken.append(await _take(_document(bot, message, file), taken))
    if message.retires:
        await _retire(bot, message.retires)
    return said


def _texts(bot: Bot, message: Outbound, keys: Markup | None) -> list[Call]:
    """The text in parts, the first one a reply and the last one with the keys."""
    parts = split(message.text)
    return [
        partial(
            bot.send_message,
            message.to,
            part,
            reply_parameters=_reply(message) if number == 1 else None,
            reply_markup=keys if number == len(parts) else None,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        for number, part in enumerate(parts, start=1)
    ]


def _document(
    bot: Bot,
    message: Outbound,
    file: Attachment,
    caption: str | None = None,
    keys: Markup | None = None,
    reply: ReplyParameters | None = None,
) -> Call:
    return partial(
        bot.send_document,
        message.to,
        file.content or b"",
        filename=file.filename,
        caption=caption,
        reply_markup=keys,
        reply_parameters=reply,
    )


async def _take(call: Call, taken: list[str]) -> str:
    try:
        sent = await call()
    except RetryAfter as refused:
        wait = refused.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        if not taken or seconds > _PATIENCE:
            raise
        await asyncio.sleep(seconds)
        sent = await call()
    return f"{sent.chat.id}:{sent.message_id}"


async def _retire(bot: Bot, message: str) -> None:
    """Take the buttons off an earlier message; where that fails they answer as before."""
    chat, _, number = message.rpartition(":")
    if number.isdecimal():
        with contextlib.suppress(*ERRORS):
            await bot.edit_message_reply_markup(chat, int(number))


def _reply(message: Outbound) -> ReplyParameters | None:
    """Under which message this one is shown, when it is one of the same chat."""
    where, _, number = (message.in_reply_to or "").rpartition(":")
    if where != message.to or not number.isdecimal():
        return None
    return ReplyParameters(int(number), allow_sending_without_reply=True)
