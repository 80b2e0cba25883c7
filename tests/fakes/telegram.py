"""The Bot API as documented at https://core.telegram.org/bots/api, its limits and its refusals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import parse_qsl
from urllib.request import Request, urlopen

from tests.fakes.server import Answer, Asked, FakeProvider, in_json

BOT_ID = 8100200300
TOKEN = f"{BOT_ID}:AAE5ecret-0f_7he-b0t-Tha7-n0body-MaySee"
SECRET = "Kept_between-Telegram-and-us"
USERNAME = "GuichetBot"

TEXT_LENGTH = 4096
CALLBACK_BYTES = 64
FILE_BYTES = 20 * 1024 * 1024

Params = Mapping[str, Any]


class Refused(Exception):
    """An answer that is not ``ok``."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.answer = refusal(status, description, **parameters)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the bot wrote. ``buttons`` are rows of (label, callback data)."""

    chat: int
    number: int
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    reply_to: int | None = None
    preview: bool = True
    file: tuple[str, bytes] | None = None


def refusal(status: int, description: str, **parameters: int) -> Answer:
    """The answer of an error; ``retry_after`` and ``migrate_to_chat_id`` are parameters."""
    about: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return in_json(status, about | ({"parameters": parameters} if parameters else {}))


class FakeTelegram(FakeProvider):
    """One bot. People are known to it once they wrote to it or are in ``chats``."""

    def __init__(self) -> None:
        super().__init__()
        self.chats: set[int] = set()
        self.blocked: set[int] = set()
        self.migrated: dict[int, int] = {}
        self.files: dict[str, bytes] = {}
        self.sent: list[Sent] = []
        self.answered: list[str] = []
        self.commands: list[Params] = []
        self.webhook: Params = {}
        self._waiting: list[dict[str, Any]] = []
        self._change = threading.Condition()
        self._updates = count(730_000_001)
        self._messages = count(101)
        self._methods: dict[str, Callable[[Params], Any]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": lambda _: {"url": self.webhook.get("url", "")},
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "getFile": self._get_file,
            "answerCallbackQuery": self._answer_callback_query,
            "setMyCommands": self._set_my_commands,
        }

    @property
    def environ(self) -> dict[str, str]:
        """The settings that lead an adapter here."""
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_SECRET_TOKEN": SECRET,
            "TELEGRAM_API_URL": self.url,
        }

    # What people do.

    def message(self, chat: int, **content: Any) -> dict[str, Any]:
        """An update: somebody writes to the bot in private. ``text="…"``, ``photo=[…]``, …"""
        self.chats.add(chat)
        return {
            "update_id": next(self._updates),
            "message": {
                "message_id": next(self._messages),
                "from": {"id": chat, "is_bot": False, "first_name": "Amina"},
                "chat": {"id": chat, "type": "private", "first_name": "Amina"},
                "date": int(time.time()),
                **content,
            },
        }

    def queue(self, update: dict[str, Any]) -> None:
        """Let an update wait for getUpdates."""
        with self._change:
            self._waiting.append(update)
            self._change.notify_all()

    @property
    def waiting(self) -> list[int]:
        """The ids of the updates that nobody confirmed yet."""
        with self._change:
            return [update["update_id"] for update in self._waiting]

    def push(self, update: Mapping[str, Any], url: str | None = None) -> tuple[int, bytes]:
        """Call the webhook with an update, and do what its answer asks for. An answer that is
        not 2xx means, as with Telegram, that the same update has to be pushed again."""
        request = Request(
            url or self.webhook["url"],
            json.dumps(update).encode(),
            {
                "Content-Type": "application/json",
                "X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", SECRET),
            },
        )
        try:
            with urlopen(request) as response:
                status, body = response.status, response.read()
        except HTTPError as error:
            return error.code, error.read()
        if body.startswith(b"{"):
            call = json.loads(body)
            self._methods[call.pop("method")](call)
        return status, body

    # The Bot API.

    def respond(self, asked: Asked) -> Answer:
        _, _, rest = asked.path.partition("/")
        if rest.startswith("file/"):
            return self._file(rest)
        bot, _, method = rest.partition("/")
        if bot != f"bot{TOKEN}":
            return refusal(401, "Unauthorized")
        if method not in self._methods:
            return refusal(404, "Not Found")
        try:
            return in_json(200, {"ok": True, "result": self._methods[method](_params(asked))})
        except Refused as refused:
            return refused.answer

    def _get_me(self, params: Params) -> Any:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Guichet", "username": USERNAME}

    def _get_updates(self, params: Params) -> Any:
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", 100))
        with self._change:
            self._waiting = [one for one in self._waiting if one["update_id"] >= offset]
            self._change.wait_for(lambda: self._waiting, float(params.get("timeout", 0)))
            return self._waiting[:limit]

    def _set_webhook(self, params: Params) -> bool:
        self.webhook = {"url": params["url"], **params} if params.get("url") else {}
        return True

    def _delete_webhook(self, params: Params) -> bool:
        self.webhook = {}
        return True

    def _send_message(self, params: Params) -> Any:
        chat, text = self._open_chat(params), str(params.get("text", "")).strip()
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) > 2 * TEXT_LENGTH:
            raise Refused(400, "Bad Request: message is too long")
        reply = _nested(params, "reply_parameters")
        return self._keep(
            Sent(
                chat,
                next(self._messages),
                text,
                _buttons(_nested(params, "reply_markup")),
                reply.get("message_id"),
                not _nested(params, "link_preview_options").get("is_disabled", False),
            )
        )

    def _send_document(self, params: Params) -> Any:
        name, content = params["document"]
        return self._keep(
            Sent(self._open_chat(params), next(self._messages), "", file=(name, content))
        )

    def _open_chat(self, params: Params) -> int:
        chat = int(params["chat_id"])
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if new := self.migrated.get(chat):
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=new,
            )
        if chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return chat

    def _keep(self, sent: Sent) -> Any:
        with self._change:
            self.sent.append(sent)
        return {
            "message_id": sent.number,
            "from": self._get_me({}),
            "chat": {"id": sent.chat, "type": "private" if sent.chat > 0 else "supergroup"},
            "date": int(time.time()),
            "text": sent.text,
        }

    def _get_file(self, params: Params) -> Any:
        name = params.get("file_id", "")
        if name not in self.files:
            raise Refused(400, "Bad Request: invalid file_id")
        size = len(self.files[name])
        if size > FILE_BYTES:
            raise Refused(400, "Bad Request: file is too big")
        return {
            "file_id": name,
            "file_unique_id": name[-8:],
            "file_size": size,
            "file_path": f"documents/{name}",
        }

    def _file(self, path: str) -> Answer:
        content = self.files.get(path.removeprefix(f"file/bot{TOKEN}/documents/"))
        if content is None:
            return refusal(404, "Not Found")
        return Answer(200, content, "application/octet-stream")

    def _answer_callback_query(self, params: Params) -> bool:
        self.answered.append(params["callback_query_id"])
        return True

    def _set_my_commands(self, params: Params) -> bool:
        self.commands.append(params)
        return True


def _params(asked: Asked) -> Params:
    """The four ways to pass parameters that the Bot API takes."""
    params: dict[str, Any] = dict(parse_qsl(asked.query, keep_blank_values=True))
    kind = asked.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return {**params, **json.loads(asked.body)}
    if kind.startswith("multipart/form-data"):
        return params | _multipart(kind, asked.body)
    return params | dict(asked.form)


def _multipart(kind: str, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    fields: dict[str, Any] = {}
    for part in cast(list[Message], BytesParser(policy=HTTP).parsebytes(head + body).get_payload()):
        name = str(part.get_param("name", header="content-disposition"))
        content, filename = cast(bytes, part.get_payload(decode=True)), part.get_filename()
        fields[name] = content.decode() if filename is None else (filename, content)
    return fields


def _nested(params: Params, name: str) -> dict[str, Any]:
    value = params.get(name) or {}
    return cast(dict[str, Any], json.loads(value) if isinstance(value, str) else value)


def _buttons(markup: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    rows = tuple(
        tuple((button["text"], button["callback_data"]) for button in row)
        for row in markup.get("inline_keyboard", ())
    )
    if any(not 1 <= len(data.encode()) <= CALLBACK_BYTES for row in rows for _, data in row):
        raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows
