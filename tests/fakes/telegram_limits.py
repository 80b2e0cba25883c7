"""What the Bot API refuses: its documented limits, its rates, and the errors it answers with."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.server import Answer, in_json

#: https://core.telegram.org/bots/api#sendmessage and #senddocument, in UTF-16 units.
TEXT_LENGTH = 4096
CAPTION_LENGTH = 1024
#: https://core.telegram.org/bots/api#inlinekeyboardbutton
CALLBACK_BYTES = 64
#: https://core.telegram.org/bots/api#getfile
FILE_BYTES = 20 * 1024 * 1024

#: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: 30 messages a
#: second in all; one a second to a chat, where short bursts may go through; 20 a minute to a group.
#: As a bucket each: so many at once, and so many a second after that.
EVERYBODY = (30, 30.0)
CHAT = (5, 1.0)
GROUP = (20, 20 / 60)


class Refused(Exception):
    """An answer that is not ``ok``."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.answer = refusal(status, description, **parameters)


def refusal(status: int, description: str, **parameters: int) -> Answer:
    """The answer of an error; ``retry_after`` and ``migrate_to_chat_id`` are parameters."""
    about: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return in_json(status, about | ({"parameters": parameters} if parameters else {}))


def throttled(seconds: float) -> Refused:
    """The refusal of who was too quick."""
    wait = max(1, math.ceil(seconds))
    return Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


class Bucket:
    """Room for so many messages, which comes back at so many a second."""

    def __init__(self, room: int, rate: float) -> None:
        self._room, self._rate = room, rate
        self._left, self._at = float(room), 0.0

    def wait(self, now: float) -> float:
        """Seconds until there is room for one more."""
        self._left = min(self._room, self._left + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1 - self._left) / self._rate)

    def take(self) -> None:
        """Take the room of one."""
        self._left -= 1


class Rates:
    """Refuses who sends too fast."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._everybody = Bucket(*EVERYBODY)
        self._chats: dict[int, Bucket] = {}

    def count(self, chat: int) -> None:
        """Count a message to this chat. Raises Refused, and then it was not counted."""
        own = self._chats.setdefault(chat, Bucket(*(GROUP if chat < 0 else CHAT)))
        now = self._clock()
        if wait := max(own.wait(now), self._everybody.wait(now)):
            raise throttled(wait)
        own.take()
        self._everybody.take()


def check_text(text: str, limit: int, what: str) -> None:
    """Raises Refused for more than Telegram takes."""
    if len(text.encode("utf-16-le")) > 2 * limit:
        raise Refused(400, f"Bad Request: {what} is too long")


def check_markup(markup: Mapping[str, Any], chat: int) -> None:
    """Raises Refused for keys that Telegram does not show."""
    for button in (button for row in markup.get("inline_keyboard", ()) for button in row):
        if not 1 <= len(button.get("callback_data", "").encode()) <= CALLBACK_BYTES:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    for key in (key for row in markup.get("keyboard", ()) for key in row):
        for what in ("location", "contact"):
            if key.get(f"request_{what}") and chat < 0:
                raise Refused(400, f"Bad Request: {what} can be requested in private chats only")


def check_webhook(params: Mapping[str, Any]) -> None:
    """Raises Refused for an address or a secret that setWebhook does not take."""
    if not params["url"].startswith("https://"):
        raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", params.get("secret_token", "")):
        raise Refused(400, "Bad Request: secret token contains unallowed characters")


def check_commands(commands: list[Mapping[str, str]], language: str) -> None:
    """Raises Refused for commands that setMyCommands does not take."""
    if len(commands) > 100:
        raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise Refused(400, "Bad Request: invalid language code specified")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
