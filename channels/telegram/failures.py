"""What an error of the Bot API means for a message: try again, when, how often, or not at all."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import httpx
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

from channels.base import SendFailed
from channels.telegram.updates import UNREADABLE

#: What Telegram may have quoted: somebody's number, name or word.
_QUOTED = re.compile(r'"[^"]*"|@\w+|\d{5,}')

#: What a call of the library may raise.
ERRORS = (TelegramError, *UNREADABLE)

#: With these the request never left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Failures:
    """Tells errors apart, and keeps the token, whose ``secret`` is its second half, out of them."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._refused: tuple[str, float] = ("", 0.0)

    def read(self, error: Exception, chat: str = "") -> SendFailed:
        """What an error means for a message to this chat."""
        reason = self.reason(error)
        match error:
            case RetryAfter():
                wait = error.retry_after
                seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
                everyone = self._is_flood(chat, seconds)
                return SendFailed(reason, retryable=True, retry_after=seconds, everyone=everyone)
            case ChatMigrated():
                return SendFailed(reason, retryable=True, moved_to=str(error.new_chat_id))
            case Forbidden():
                return SendFailed(reason, retryable=False, opted_out=True)
            case BadRequest():
                return SendFailed(reason, retryable=False)
            case InvalidToken():
                return SendFailed(reason, retryable=True, everyone=True)
        left = not isinstance(error.__cause__, _NOT_SENT)
        refused = type(error) is NetworkError and not isinstance(error.__cause__, httpx.HTTPError)
        return SendFailed(reason, retryable=True, unknown=left and not refused, everyone=not left)

    def reason(self, error: Exception) -> str:
        """An error in words, for people who look after a case or an installation."""
        if isinstance(error, InvalidToken):
            return "Telegram refuses the bot token: set TELEGRAM_BOT_TOKEN as BotFather gave it"
        if isinstance(error, TimedOut) and not isinstance(error.__cause__, _NOT_SENT):
            return "Telegram did not answer in time: outcome unknown"
        if isinstance(error, ChatMigrated):
            return "the group has another id by now"
        if not isinstance(error, TelegramError):
            return "Telegram answered what cannot be read: outcome unknown"
        said = _QUOTED.sub("…", self.without_token(error.message))[:200]
        if isinstance(error, TimedOut) or type(error) is NetworkError:
            return f"Telegram out of reach: {said}"
        return said

    def without_token(self, words: str) -> str:
        """The same, fit to be shown: the library quotes addresses, and the token is in them."""
        return words.replace(self._secret, "…")

    def _is_flood(self, chat: str, seconds: float) -> bool:
        """Whether another chat was refused just now as well: Telegram does not say whether a chat
        or the whole bot was too quick (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""
        now = time.monotonic()
        other, until = self._refused
        self._refused = (chat, now + seconds)
        return other != chat and until > now
