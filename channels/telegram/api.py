"""Talking to the Bot API from synchronous code, with its errors told apart and its token kept."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlencode

import httpx
from telegram import Bot
from telegram.error import BadRequest, Forbidden
from telegram.request import HTTPXRequest

from channels.base import Done, FetchFailed, Outbound, Outcome, Phrase, SendFailed
from channels.telegram.failures import ERRORS, Failures
from channels.telegram.saying import say
from channels.telegram.updates import ALLOWED, FILE_BYTES

#: Messages on their way at a time: at a fifth of a second each they are as many as Telegram takes
#: from a bot, and no more than these can be said twice when our process dies.
_AT_ONCE = 8

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
        self._url = url
        self._patience = patience
        self.failures = Failures(token.partition(":")[2])

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        # Reading the certificates takes longer than sending a message: once is enough.
        return httpx.create_ssl_context()

    def __repr__(self) -> str:
        return f"BotApi({self._url!r})"

    def call(self, work: Callable[[Bot], Awaitable[T]]) -> T:
        """Do something with a Bot. Raises SendFailed."""
        try:
            return asyncio.run(self._with_bot(work))
        except ERRORS as error:
            raise self.failures.read(error) from None

    def obtain(self, work: Callable[[Bot], Awaitable[T]]) -> T:
        """Have something from a Bot. Raises FetchFailed."""
        try:
            return asyncio.run(self._with_bot(work))
        except ERRORS as error:
            refused = isinstance(error, BadRequest | Forbidden)
            raise FetchFailed(self.failures.reason(error), retryable=not refused) from None

    async def _with_bot(self, work: Callable[[Bot], Awaitable[T]]) -> T:
        patience = self._patience
        request = HTTPXRequest(
            connection_pool_size=_AT_ONCE,
            connect_timeout=patience,
            read_timeout=patience,
            write_timeout=patience,
            pool_timeout=patience,
            httpx_kwargs={"verify": self._trusted},
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

    def send(
        self, messages: Sequence[Outbound], phrase: Phrase, done: Done, waits: Sequence[float]
    ) -> None:
        """Send a batch as ``SendsMany`` says. Raises what ``done`` raises."""
        asyncio.run(self._with_bot(lambda bot: self._send_all(bot, messages, phrase, done, waits)))

    async def _send_all(
        self,
        bot: Bot,
        messages: Sequence[Outbound],
        phrase: Phrase,
        done: Done,
        waits: Sequence[float],
    ) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        chats: defaultdict[str, list[tuple[Outbound, float]]] = defaultdict(list)
        for place, message in enumerate(messages):
            chats[message.to].append((message, began + (waits[place] if waits else 0)))
        free = asyncio.Semaphore(_AT_ONCE)
        shut = False

        async def serve(line: Sequence[tuple[Outbound, float]]) -> None:
            nonlocal shut
            for message, moment in line:
                await asyncio.sleep(moment - clock())
                async with free:
                    # A slow Telegram must not let the claim run out under those that still wait.
                    if shut or clock() > began + self._patience:
                        return
                    asked = clock()
                    outcome = await self._send_one(bot, message, phrase)
                    if isinstance(outcome, SendFailed):
                        shut = shut or outcome.everyone
                    done([Outcome(message, outcome, clock() - asked)])
                # What cannot go now must not be overtaken by what comes after it.
                if isinstance(outcome, SendFailed) and outcome.retryable:
                    return

        await asyncio.gather(*map(serve, chats.values()))

    async def _send_one(self, bot: Bot, message: Outbound, phrase: Phrase) -> str | SendFailed:
        taken: list[str] = []
        try:
            return await say(bot, message, phrase, taken)
        except SendFailed as refused:
            return refused
        except ERRORS as error:
            failure = self.failures.read(error, message.to)
            # Saying it again would repeat what was taken of it.
            failure.unknown = failure.unknown or bool(taken)
            return failure

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


def _measure(size: int, limit: int) -> None:
    most = min(limit, FILE_BYTES)
    if size > most:
        raise FetchFailed(f"the file is larger than {most} bytes", retryable=False)
