"""The Bot API as documented at https://core.telegram.org/bots/api, its limits and its refusals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import parse_qsl
from urllib.request import Request, urlopen

from tests.fakes.server import Answer, Asked, FakeProvider, in_json
from tests.fakes.telegram_limits import (
    CAPTION_LENGTH,
    FILE_BYTES,
    TEXT_LENGTH,
    Rates,
    Refused,
    check_commands,
    check_markup,
    check_text,
    check_webhook,
    refusal,
    throttled,
)

BOT_ID = 8100200300
TOKEN = f"{BOT_ID}:AAE5ecret-0f_7he-b0t-Tha7-n0body-MaySee"
SECRET = "Kept_between-Telegram-and-us"
USERNAME = "GuichetBot"

__all__ = ["BOT_ID", "SECRET", "TOKEN", "USERNAME", "FakeTelegram", "Sent", "refusal"]

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the bot wrote. ``buttons`` are rows of (label, callback data), ``keys`` what
    stands instead of the telephone's own keyboard: (label, what it sends)."""

    chat: int
    number: int
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    reply_to: int | None = None
    preview: bool = True
    file: tuple[str, bytes] | None = None
    keys: tuple[tuple[str, str], ...] = ()


class FakeTelegram(FakeProvider):
    """One bot. People are known to it once they wrote to it or are in ``chats``. Without ``rates``
    it takes messages as fast as they come."""

    def __init__(self, *, rates: bool = True) -> None:
        super().__init__()
        self._rates = Rates() if rates else None
        self.chats: set[int] = set()
        self.blocked: set[int] = set()
        self.migrated: dict[int, int] = {}
        #: Chats that were written to too quickly, and the seconds that they are told to wait.
        self.flooded: dict[int, int] = {}
        self.files: dict[str, bytes] = {}
        self.sent: list[Sent] = []
        self.answered: list[str] = []
        self.commands: dict[str, list[Params]] = {}
        self.menu: Params = {}
        self.webhook: Params = {}
        #: What Telegram last met when it called the webhook.
        self.trouble: tuple[int, str] | None = None
        self._waiting: list[dict[str, Any]] = []
        self._change = threading.Condition()
        self._updates = count(730_000_001)
        self._messages = count(101)
        self._queries = count(2_367_895_146_029_384_756)
        self._methods: dict[str, Callable[[Params], Any]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "getFile": self._get_file,
            "answerCallbackQuery": self._answer_callback_query,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
            "setMyCommands": self._set_my_commands,
            "setChatMenuButton": self._set_chat_menu_button,
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

    def message(self, chat: int, /, **content: Any) -> dict[str, Any]:
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

    def press(self, sent: Sent, value: str, **more: Any) -> dict[str, Any]:
        """An update: somebody presses a button under a message of the bot's."""
        return {
            "update_id": next(self._updates),
            "callback_query": {
                "id": str(next(self._queries)),
                "from": {"id": sent.chat, "is_bot": False, "first_name": "Amina"},
                "message": self._told(sent) | {"reply_markup": _markup(sent)},
                "chat_instance": str(-sent.chat),
                "data": value,
                **more,
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
        self.obey(body)
        return status, body

    def obey(self, answer: bytes) -> None:
        """Do what the answer to an update asks for."""
        if answer.startswith(b"{"):
            call = json.loads(answer)
            self._methods[call.pop("method")](call)

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
        if params.get("url"):
            check_webhook(params)
        self.webhook = dict(params) if params.get("url") else {}
        self.trouble = None
        return True

    def _get_webhook_info(self, params: Params) -> Any:
        told: dict[str, Any] = {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.waiting),
        }
        if allowed := self.webhook.get("allowed_updates"):
            told["allowed_updates"] = json.loads(allowed)
        if self.trouble:
            told["last_error_date"], told["last_error_message"] = self.trouble
        return told

    def _delete_webhook(self, params: Params) -> bool:
        self.webhook = {}
        return True

    def _send_message(self, params: Params) -> Any:
        text = str(params.get("text", "")).strip()
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        check_text(text, TEXT_LENGTH, "message")
        preview = not _nested(params, "link_preview_options").get("is_disabled", False)
        return self._keep(params, text, preview=preview)

    def _send_document(self, params: Params) -> Any:
        caption = str(params.get("caption", ""))
        check_text(caption, CAPTION_LENGTH, "message caption")
        return self._keep(params, caption, file=params["document"])

    def _keep(self, params: Params, text: str, **more: Any) -> Any:
        chat, markup = self._open_chat(params), _nested(params, "reply_markup")
        check_markup(markup, chat)
        with self._change:
            if self._rates:
                self._rates.count(chat)
            sent = Sent(
                chat,
                next(self._messages),
                text,
                _buttons(markup),
                _nested(params, "reply_parameters").get("message_id"),
                keys=_keys(markup),
                **more,
            )
            self.sent.append(sent)
        return self._told(sent)

    def _edit_message_reply_markup(self, params: Params) -> Any:
        named = int(params["chat_id"]), int(params["message_id"])
        buttons = _buttons(_nested(params, "reply_markup"))
        with self._change:
            for place, sent in enumerate(self.sent):
                if (sent.chat, sent.number) == named:
                    if sent.buttons == buttons:
                        raise Refused(400, "Bad Request: message is not modified")
                    self.sent[place] = replace(sent, buttons=buttons)
                    return self._told(self.sent[place])
        raise Refused(400, "Bad Request: message to edit not found")

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
        if chat in self.flooded:
            raise throttled(self.flooded[chat])
        if chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return chat

    def _told(self, sent: Sent) -> dict[str, Any]:
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
        commands, language = _nested(params, "commands"), params.get("language_code", "")
        check_commands(commands, language)
        self.commands[language] = commands
        return True

    def _set_chat_menu_button(self, params: Params) -> bool:
        self.menu = _nested(params, "menu_button")
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


def _nested(params: Params, name: str) -> Any:
    value = params.get(name) or {}
    return json.loads(value) if isinstance(value, str) else value


def _buttons(markup: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(
        tuple((button["text"], button["callback_data"]) for button in row)
        for row in markup.get("inline_keyboard", ())
    )


def _markup(sent: Sent) -> dict[str, Any]:
    return {
        "inline_keyboard": [
            [{"text": label, "callback_data": value} for label, value in row]
            for row in sent.buttons
        ]
    }


def _keys(markup: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (key["text"], what)
        for row in markup.get("keyboard", ())
        for key in row
        for what in ("location", "contact")
        if key.get(f"request_{what}")
    )
