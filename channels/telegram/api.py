"""Talking to the Bot API from synchronous code, with its errors told apart and its token kept."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlencode

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from channels.base import FetchFailed, Outbound, SendFailed
from channels.telegram.parts import split
from channels.telegram.updates import ALLOWED, UNREADABLE

#: https://core.telegram.org/bots/api#inlinekeyboardbutton
_CALLBACK_BYTES = 64
#: https://core.telegram.org/bots/api#getfile
FILE_BYTES = 20 * 1024 * 1024
#: Chats served at a time in one batch. Telegram allows a bot about 30 messages a second.
_CHATS_AT_ONCE = 16
#: Labels this short (the marks of a rating) share one row of buttons.
_SHORT_LABEL = 3

# httpx logs every address that it calls, with the token in it; python-telegram-bot logs every text
# and, as an error, any page that a proxy answers with, which may repeat the address.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("telegram").setLevel(logging.CRITICAL)

T = TypeVar("T")


class BotApi:
    """The Bot API at ``url``, as the bot that ``token`` names.

    Every call runs on an event loop and a connection of its own, because a Bot cannot outlive
    the loop it was first used on; so any number of threads may call at once. ``patience`` is
    how long to wait for an answer, in seconds.
    """

    def __init__(self, token: str, url: str, patience: float = 10.0) -> None:
        self._token = token
        self._secret = token.partition(":")[2]
        self._url = url
        self._patience = patience

    def __repr__(self) -> str:
        return f"BotApi({self._url!r})"

    def call(self, work: Callable[[Bot], Awaitable[T]]) -> T:
        """Do something with a Bot. Raises SendFailed."""
        try:
            return asyncio.run(self._with_bot(work))
        except (TelegramError, *UNREADABLE) as error:
            raise self._send_failed(error) from None

    def obtain(self, work: Callable[[Bot], Awaitable[T]]) -> T:
        """Have something from a Bot. Raises FetchFailed."""
        try:
            return asyncio.run(self._with_bot(work))
        except (TelegramError, *UNREADABLE) as error:
            refused = isinstance(error, BadRequest | Forbidden)
            raise FetchFailed(self._reason(error), retryable=not refused) from None

    async def _with_bot(self, work: Callable[[Bot], Awaitable[T]]) -> T:
        patience = self._patience
        request = HTTPXRequest(
            connection_pool_size=_CHATS_AT_ONCE,
            connect_timeout=patience,
            read_timeout=patience,
            write_timeout=patience,
            pool_timeout=patience,
        )
        # Not `async with Bot`: that would ask getMe before every batch.
        async with request:
            bot = Bot(
                self._token,
                base_url=f"{self._url}/bot",
                base_file_url=f"{self._url}/file/bot",
                request=request,
                get_updates_request=request,
            )
            return await work(bot)

    def send(self, messages: Sequence[Outbound]) -> list[str | SendFailed]:
        """Send a batch, each chat's messages in their order, and say what became of each."""
        return self.call(lambda bot: self._send_all(bot, messages))

    async def _send_all(self, bot: Bot, messages: Sequence[Outbound]) -> list[str | SendFailed]:
        chats: defaultdict[str, list[int]] = defaultdict(list)
        for place, message in enumerate(messages):
            chats[message.to].append(place)
        outcomes: dict[int, str | SendFailed] = {}
        free = asyncio.Semaphore(_CHATS_AT_ONCE)

        async def serve(places: list[int]) -> None:
            async with free:
                obstacle: SendFailed | None = None
                for place in places:
                    # What cannot go now must not be overtaken by what comes after it.
                    outcome = obstacle or await self._send_one(bot, messages[place])
                    if isinstance(outcome, SendFailed) and outcome.retryable:
                        obstacle = outcome
                    outcomes[place] = outcome

        await asyncio.gather(*map(serve, chats.values()))
        return [outcomes[place] for place in range(len(messages))]

    async def _send_one(self, bot: Bot, message: Outbound) -> str | SendFailed:
        try:
            try:
                return await _say(bot, message, message.to)
            except ChatMigrated as moved:
                return await _say(bot, message, str(moved.new_chat_id))
        except SendFailed as failure:
            return failure
        except (TelegramError, *UNREADABLE) as error:
            return self._send_failed(error)

    def updates(self, offset: int | None, seconds: float = 0) -> list[bytes]:
        """What waits at Telegram from ``offset`` on, which confirms all before it; an empty list
        after so many seconds. Each update is the JSON that Telegram sent, unknown fields and
        all. Raises FetchFailed."""
        query = {"timeout": math.ceil(seconds), "allowed_updates": json.dumps(ALLOWED)}
        if offset is not None:
            query["offset"] = offset

        async def ask(bot: Bot) -> list[bytes]:
            # Bot.get_updates would lose the batch over one update that it cannot read.
            answer = await bot.request.post(
                f"{bot.base_url}/getUpdates?{urlencode(query)}",
                read_timeout=self._patience + seconds,
            )
            if not isinstance(answer, list):
                raise TypeError("getUpdates answers a list")
            return [json.dumps(update).encode() for update in answer]

        return self.obtain(ask)

    def file(self, file_id: str, limit: int) -> bytes:
        """A file that a citizen sent, at most ``limit`` bytes and Telegram's own 20 MB. Raises
        FetchFailed."""

        async def get(bot: Bot) -> bytes:
            file = await bot.get_file(file_id)
            _measure(file.file_size or 0, limit)
            # A server run with --local answers a path on its own disk instead of an address.
            if not (file.file_path or "").startswith(bot.base_file_url):
                raise FetchFailed("Telegram gave no address for the file", retryable=False)
            content = await bot.request.retrieve(str(file.file_path))
            _measure(len(content), limit)
            return content

        return self.obtain(get)

    def _send_failed(self, error: Exception) -> SendFailed:
        """What an error of the library means for a message."""
        reason = self._reason(error)
        match error:
            case RetryAfter():
                wait = error.retry_after
                seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
                return SendFailed(reason, retryable=True, retry_after=seconds)
            case Forbidden():
                return SendFailed(reason, retryable=False, opted_out=True)
            case BadRequest():
                return SendFailed(reason, retryable=False)
        return SendFailed(reason, retryable=True)

    def _reason(self, error: Exception) -> str:
        if isinstance(error, InvalidToken):
            return "Telegram refuses the bot token: set TELEGRAM_BOT_TOKEN as BotFather gave it"
        if isinstance(error, TimedOut):
            return "Telegram did not answer in time: outcome unknown"
        if not isinstance(error, TelegramError):
            return "Telegram answered what cannot be read: outcome unknown"
        # The library quotes the address that it could not reach, and the token is part of it.
        said = error.message.replace(self._secret, "…")[:200]
        return f"Telegram out of reach: {said}" if type(error) is NetworkError else said


async def _say(bot: Bot, message: Outbound, chat: str) -> str:
    """Send one message, in parts when it is long, and return the id of the last part. A retry
    after a failure half-way says the first parts again."""
    parts = split(message.text)
    buttons = _buttons(message.choices)
    said = ""
    for number, part in enumerate(parts, start=1):
        sent = await bot.send_message(
            chat,
            part,
            reply_parameters=_reply(message, chat) if number == 1 else None,
            reply_markup=buttons if number == len(parts) else None,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        said = f"{sent.chat.id}:{sent.message_id}"
    for file in message.attachments:
        if file.content is not None:
            await bot.send_document(chat, file.content, filename=file.filename)
    return said


def _buttons(choices: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup | None:
    if not choices:
        return None
    if any(len(value.encode()) > _CALLBACK_BYTES for value, _ in choices):
        raise SendFailed("a choice is longer than a Telegram button can carry", retryable=False)
    row = [InlineKeyboardButton(label, callback_data=value) for value, label in choices]
    if all(len(label) <= _SHORT_LABEL for _, label in choices):
        return InlineKeyboardMarkup([row])
    return InlineKeyboardMarkup([[button] for button in row])


def _reply(message: Outbound, chat: str) -> ReplyParameters | None:
    """Under which message this one is shown, when it is one of the same chat."""
    where, _, number = (message.in_reply_to or "").rpartition(":")
    if where != chat or not number.isdecimal():
        return None
    return ReplyParameters(int(number), allow_sending_without_reply=True)


def _measure(size: int, limit: int) -> None:
    most = min(limit, FILE_BYTES)
    if size > most:
        raise FetchFailed(f"the file is larger than {most} bytes", retryable=False)
