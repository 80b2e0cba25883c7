"""The Telegram channel: a bot whose updates are pushed to a webhook or pulled by long polling."""

from __future__ import annotations

import contextlib
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

from channels.base import (
    AddressKind,
    Attachment,
    BadSetting,
    Context,
    Done,
    FetchFailed,
    Inbound,
    Outbound,
    Outcome,
    Phrase,
    Rate,
    Receipt,
    Rejected,
    Reply,
    Report,
    SendFailed,
    WireRequest,
)
from channels.telegram.api import BotApi
from channels.telegram.setup import (
    delete_webhook,
    polling_problem,
    register_commands,
    set_webhook,
    webhook_problem,
)
from channels.telegram.updates import pressed, read

_API_URL = "https://api.telegram.org"
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105  # a header's name

_TOKEN = re.compile(r"(\d+):[\w-]+", re.ASCII)
#: https://core.telegram.org/bots/api#setwebhook
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")

#: Messages that a chat takes at once before its rate counts.
_BURST = 3
_GROUP_RATE = Rate(20, 60.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bot keeps of its context, which holds secrets: how it speaks, how fast, and where
    Telegram may push to. Rates are messages a second."""

    phrase: Phrase
    url: str
    default_language: str = "ar"
    per_second: float = 30.0
    chat_per_second: float = 1.0

    @classmethod
    def of(cls, context: Context) -> Self:
        """The terms that the settings name. Raises BadSetting."""
        return cls(
            context.phrase,
            f"{context.public_url}/hooks/telegram",
            context.environ.get("DEFAULT_LANGUAGE") or "ar",
            _rate(context, "TELEGRAM_PER_SECOND", 30.0),
            _rate(context, "TELEGRAM_CHAT_PER_SECOND", 1.0),
        )


class Telegram:
    """What both ways of hearing share: speaking, and fetching the files that citizens sent."""

    name = "telegram"
    addresses: AddressKind = "telegram"

    def __init__(self, api: BotApi, account: str, terms: Terms) -> None:
        self.account = account
        self.rate = Rate(1, 1 / terms.per_second)
        self._api = api
        self._terms = terms
        self._username: str | None = None

    @classmethod
    def from_context(cls, context: Context) -> WebhookTelegram | PollingTelegram | None:
        """The adapter for ``TELEGRAM_MODE``; None without a token. Raises BadSetting."""
        settings = context.environ
        token = settings.get("TELEGRAM_BOT_TOKEN", "").strip()
        if not token:
            return None
        known = _TOKEN.fullmatch(token)
        if not known:
            raise BadSetting("TELEGRAM_BOT_TOKEN", "is not <digits>:<letters>, as BotFather gives")
        api = BotApi(token, _url(settings.get("TELEGRAM_API_URL", "")))
        mode = settings.get("TELEGRAM_MODE", "").strip() or "webhook"
        if mode == "polling":
            return PollingTelegram(api, known[1], Terms.of(context))
        if mode == "webhook":
            secret = _secret(settings.get("TELEGRAM_SECRET_TOKEN", ""))
            return WebhookTelegram(api, known[1], Terms.of(context), secret)
        raise BadSetting("TELEGRAM_MODE", "is neither 'webhook' nor 'polling'")

    def send(self, message: Outbound) -> str:
        """Send one message; the id is ``<chat_id>:<message_id>`` of its last part."""
        outcomes: list[Outcome] = []
        self.send_many([message], outcomes.extend)
        [outcome] = outcomes
        if isinstance(outcome.result, SendFailed):
            raise outcome.result
        return outcome.result

    def send_many(
        self, messages: Sequence[Outbound], done: Done, waits: Sequence[float] = ()
    ) -> None:
        """Send a batch on one event loop, which is faster than one by one. A retryable failure
        holds back the chat's later messages, and one that concerns everyone the whole rest."""
        self._api.send(messages, self._terms.phrase, done, waits)

    def rate_to(self, address: str) -> Rate:
        """A chat takes one message a second and short bursts, a group twenty in a minute
        (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""
        if address.startswith("-"):
            return _GROUP_RATE
        return Rate(_BURST, _BURST / self._terms.chat_per_second)

    def download(self, attachment: Attachment, limit: int) -> bytes:
        """The file behind an attachment's file id. Raises FetchFailed."""
        if attachment.reference is None:
            raise FetchFailed("the attachment names no file at Telegram", retryable=False)
        return self._api.file(attachment.reference, limit)

    def register_commands(self) -> None:
        """Put the commands into the bot's menu. Raises SendFailed."""
        register_commands(self._api, self._terms.phrase, self._terms.default_language)

    def delete_webhook(self) -> None:
        """Have Telegram keep its updates for us: it refuses to while a webhook is set. Raises
        SendFailed."""
        delete_webhook(self._api)

    def _ask_username(self) -> str:
        me = self._api.call(lambda bot: bot.get_me())
        self._username = me.username or me.full_name
        return self._username

    def _name_in_groups(self) -> str | None:
        """The bot's user name, asked once; None while Telegram cannot be reached."""
        if self._username is None:
            with contextlib.suppress(SendFailed):
                self._ask_username()
        return self._username

    def _read(self, update: bytes, received_at: datetime) -> Inbound:
        return read(
            update,
            account=self.account,
            username=self._name_in_groups,
            received_at=received_at,
        )


class WebhookTelegram(Telegram):
    """Telegram calls us, and proves itself by the secret that we gave it with ``set_webhook``."""

    speaks_number = False

    def __init__(self, api: BotApi, account: str, terms: Terms, secret: str) -> None:
        super().__init__(api, account, terms)
        self._secret = secret

    def receive(self, request: WireRequest) -> Sequence[Inbound]:
        """The update in the request's body. Raises Rejected."""
        shown = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(errors="replace"), self._secret.encode()):
            raise Rejected("the secret token is missing or wrong")
        return [self._read(request.body, request.received_at)]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        """An empty 200; for a pressed button, the call that ends its waiting, which Telegram
        takes in the answer (https://core.telegram.org/bots/api#making-requests-when-getting-updates)."""
        query = pressed(request.body)
        if query is None:
            return Reply()
        call = {"method": "answerCallbackQuery", "callback_query_id": query}
        return Reply(json.dumps(call).encode(), "application/json")

    def set_webhook(self) -> str:
        """Have Telegram push to us, with the secret; the address. Raises SendFailed."""
        set_webhook(self._api, self._terms.url, self._secret)
        return self._terms.url

    def check(self) -> str:
        """The bot's name, when Telegram knows its token and can push to us. Raises SendFailed."""
        name = self._ask_username()
        return _sound(name, webhook_problem(self._api, self._terms.url, datetime.now(UTC)))


class PollingTelegram(Telegram):
    """We ask Telegram, from one thread: two pollers of one bot get in each other's way.

    Asking from an offset on is what confirms the updates before it, so the offset never passes
    an update that was handed out and not settled; what was settled behind it may come again.
    """

    def __init__(self, api: BotApi, account: str, terms: Terms) -> None:
        super().__init__(api, account, terms)
        self._next: int | None = None
        self._unsettled: set[int] = set()
        self._waiting: list[bytes] = []

    def fetch(self) -> Iterator[Inbound]:
        """Yield the updates that wait. Raises FetchFailed."""
        while updates := self._take():
            asked_from = self._offset()
            batch = [self._read(update, datetime.now(UTC)) for update in updates]
            # What was unsettled before has come again, or Telegram keeps it no longer.
            self._unsettled = {int(one.external_id) for one in batch if _is_update(one)}
            yield from batch
            if self._unsettled or self._offset() == asked_from:
                return  # The same would only come again.

    def settle(self, inbound: Inbound | Report) -> None:
        """Let the next call to Telegram confirm this update."""
        if not isinstance(inbound, Inbound) or not _is_update(inbound):
            return
        update = int(inbound.external_id)
        self._unsettled.discard(update)
        self._next = max(self._next or 0, update + 1)
        if query := inbound.hints.get("callback_query"):
            # Only ends the waiting sign on the button; a query that is too old is no loss.
            with contextlib.suppress(SendFailed):
                self._api.call(lambda bot: bot.answer_callback_query(query))

    def wait(self, seconds: float) -> None:
        """Long polling: what comes is kept for the next fetch. Raises FetchFailed."""
        if not self._waiting:
            self._waiting = self._api.updates(self._offset(), seconds)

    def close(self) -> None:
        """Forget what was not handed out: Telegram keeps it for the next fetch."""
        self._waiting.clear()

    def check(self) -> str:
        """The bot's name, when Telegram knows its token and lets us ask. Raises SendFailed."""
        return _sound(self._ask_username(), polling_problem(self._api))

    def _take(self) -> list[bytes]:
        kept, self._waiting = self._waiting, []
        return kept or self._api.updates(self._offset())

    def _offset(self) -> int | None:
        return min(self._unsettled, default=self._next)


def _is_update(inbound: Inbound) -> bool:
    """Whether it is known by Telegram's number, and not by a hash of what cannot be read."""
    return inbound.external_id.isdecimal()


def _sound(name: str, problem: str | None) -> str:
    if problem:
        raise SendFailed(f"@{name}: {problem}", retryable=True)
    return f"Telegram knows the bot as @{name}"


def _rate(context: Context, name: str, usual: float) -> float:
    setting = context.environ.get(name, "").strip()
    try:
        rate = float(setting) if setting else usual
    except ValueError:
        rate = 0
    if not rate > 0:
        raise BadSetting(name, "is not a number above 0")
    return rate


def _url(setting: str) -> str:
    url = setting.strip().rstrip("/") or _API_URL
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadSetting("TELEGRAM_API_URL", f"is not an address like {_API_URL}")
    return url


def _secret(setting: str) -> str:
    secret = setting.strip()
    if not secret:
        raise BadSetting(
            "TELEGRAM_SECRET_TOKEN",
            "is needed for TELEGRAM_MODE=webhook, or anybody could pose as Telegram",
        )
    if not _SECRET.fullmatch(secret):
        raise BadSetting("TELEGRAM_SECRET_TOKEN", "must be 1 to 256 of A-Z, a-z, 0-9, _ and -")
    return secret
