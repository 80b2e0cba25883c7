"""Telegram's side of a chat: its updates to our webhook, and its Bot API."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import requests

from gateway.web.simulator.journal import File, Journal
from gateway.web.simulator.people import Person, by_chat
from gateway.web.simulator.wire import Unreachable, Wire

#: The bot's name; only the simulator knows it.
USERNAME = "guichet_demo_bot"
#: So many messages and files can still be asked for.
KEPT = 200


class ApiError(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Telegram:
    """A bot's chats with every person, both ways.

    ``seed`` is 64 secret hex digits that credentials are made of.
    """

    def __init__(self, seed: str, wire: Wire, journal: Journal) -> None:
        self.bot = 7_000_000_000 + int(seed[:8], 16) % 1_000_000_000
        self.token = f"{self.bot}:{seed[8:43]}"
        self.secret = seed[43:]
        self._wire = wire
        self._journal = journal
        self._lock = threading.Lock()
        # Counted from the clock, so that a restart never gives a number twice.
        self._numbers = itertools.count(int(time.time()))
        self._files: OrderedDict[str, File] = OrderedDict()
        self._said: OrderedDict[tuple[int, int], dict[str, Any]] = OrderedDict()
        self._methods: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "getme": self._get_me,
            "sendmessage": self._send_message,
            "senddocument": self._send_document,
            "editmessagereplymarkup": self._edit_markup,
            "setmycommands": lambda said: True,
            "setchatmenubutton": lambda said: True,
            "answercallbackquery": lambda said: True,
            "sendchataction": lambda said: True,
            "getfile": self._get_file,
            "getwebhookinfo": lambda said: {
                "url": f"{wire.public_url}/hooks/telegram",
                "has_custom_certificate": False,
                "pending_update_count": 0,
            },
            "setwebhook": lambda said: True,
            "deletewebhook": lambda said: True,
        }

    # What people do

    def write(self, sender: Person, text: str) -> None:
        """A person writes a message."""
        self._say(sender, "A message arrives", {"text": text}, text=text)

    def send_photo(self, sender: Person, file: File, caption: str) -> None:
        """A person sends a photo; Telegram offers it in several sizes, largest last."""
        sizes = [
            {**self._stored(file), "width": width, "height": width * 3 // 4}
            for width in (320, 1280)
        ]
        content = {"photo": sizes} | ({"caption": caption} if caption else {})
        self._say(sender, "A photo arrives", content, text=caption, photo=file)

    def send_voice(self, sender: Person, file: File, seconds: int) -> None:
        """A person sends a voice note."""
        voice = {"duration": seconds, "mime_type": file.content_type, **self._stored(file)}
        self._say(sender, "A voice note arrives", {"voice": voice}, voice=file, seconds=seconds)

    def send_document(self, sender: Person, file: File, caption: str) -> None:
        """A person sends any other file."""
        document = {
            "file_name": file.name,
            "mime_type": file.content_type,
            **self._stored(file),
        }
        content = {"document": document} | ({"caption": caption} if caption else {})
        self._say(sender, "A document arrives", content, text=caption, document=file)

    def send_location(self, sender: Person, latitude: float, longitude: float) -> None:
        """A person sends where they are."""
        point = {"latitude": latitude, "longitude": longitude}
        self._say(sender, "A location arrives", {"location": point}, location=point)

    def send_contact(self, sender: Person) -> None:
        """A person sends their own card, which proves their number."""
        card = {
            "phone_number": sender.phone.lstrip("+"),
            "first_name": sender.first_name,
            "user_id": sender.chat,
        }
        self._say(sender, "A contact arrives", {"contact": card}, text=sender.phone)

    def press(self, sender: Person, message: int, value: str) -> None:
        """A person presses a button under a message of ours."""
        under = self._said.get((sender.chat, message))
        if under is None:
            return
        self._journal.add("telegram-press", sender, message=message, value=value)
        query = {
            "id": str(secrets.randbelow(2**62)),
            "from": _user(sender),
            "message": under,
            "chat_instance": str(-sender.chat),
            "data": value,
        }
        self._update(sender, "A button is pressed", {"callback_query": query})

    # What the gateway asks of the Bot API

    def call(self, method: str, said: Mapping[str, Any]) -> Any:
        """The result of a method; a file among its parameters is a File. Raises ApiError."""
        known = self._methods.get(method.lower())
        if known is None:
            raise ApiError(404, "Not Found")
        return known(said)

    def file(self, path: str) -> File | None:
        """The file of a ``file_path``, which begins with its ``file_id``."""
        return self._files.get(path.partition("/")[2].partition(".")[0])

    def _get_me(self, _: Mapping[str, str]) -> dict[str, Any]:
        return {
            "id": self.bot,
            "is_bot": True,
            "first_name": "Guichet",
            "username": USERNAME,
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _send_message(self, said: Mapping[str, Any]) -> dict[str, Any]:
        text = said.get("text", "").strip()
        if not text:
            raise ApiError(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        return self._tell(said, text)

    def _send_document(self, said: Mapping[str, Any]) -> dict[str, Any]:
        file, caption = said.get("document"), said.get("caption", "")
        if not isinstance(file, File):
            raise ApiError(400, "Bad Request: there is no document in the request")
        if len(caption) > 1024:
            raise ApiError(400, "Bad Request: message caption is too long")
        return self._tell(said, caption, document=self._journal.keep(file), name=file.name)

    def _tell(self, said: Mapping[str, Any], text: str, **shown: str) -> dict[str, Any]:
        """Show what the bot says to somebody."""
        person = by_chat(said.get("chat_id", ""))
        if person is None:
            raise ApiError(400, "Bad Request: chat not found")
        markup = json.loads(said.get("reply_markup") or "{}")
        message = {
            "message_id": next(self._numbers),
            "from": self._get_me({}),
            "chat": _private(person),
            "date": int(time.time()),
            "text": text,
        } | ({"reply_markup": markup} if "inline_keyboard" in markup else {})
        self._remember(person.chat, message)
        self._journal.add(
            "telegram",
            person,
            by="gateway",
            id=message["message_id"],
            text=text,
            buttons=_buttons(markup),
            keys=_keys(markup),
            **shown,
        )
        return message

    def _edit_markup(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Put other buttons under a message, or none."""
        person = by_chat(said.get("chat_id", ""))
        number = said.get("message_id", "")
        message = self._said.get((person.chat, int(number))) if person and number else None
        if person is None or message is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        markup = json.loads(said.get("reply_markup") or "{}")
        if _buttons(markup) == _buttons(message.get("reply_markup", {})):
            raise ApiError(400, "Bad Request: message is not modified")
        edited = {**message, "reply_markup": markup or {"inline_keyboard": []}}
        self._remember(person.chat, edited)
        self._journal.add("telegram-edit", person, id=int(number), buttons=_buttons(markup))
        return edited

    def _get_file(self, said: Mapping[str, str]) -> dict[str, Any]:
        name = said.get("file_id", "")
        if (file := self._files.get(name)) is None:
            raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        ending = file.name.rpartition(".")[2]
        return {
            "file_id": name,
            "file_unique_id": name[:16],
            "file_size": len(file.content),
            "file_path": f"files/{name}.{ending}",
        }

    # The wire

    def _say(self, sender: Person, title: str, content: Mapping[str, Any], **shown: Any) -> None:
        message = {
            "message_id": next(self._numbers),
            "from": _user(sender),
            "chat": _private(sender),
            "date": int(time.time()),
            **content,
        }
        self._remember(sender.chat, message)
        for name in ("photo", "voice", "document"):
            if name in shown:
                file = shown[name]
                shown |= {name: self._journal.keep(file), "name": file.name}
        number = message["message_id"]
        self._journal.add("telegram", sender, by="citizen", id=number, **shown)
        status = "read" if self._update(sender, title, {"message": message}) else "failed"
        self._journal.add("telegram-status", sender, id=number, status=status)

    def _update(self, sender: Person, title: str, content: Mapping[str, Any]) -> bool:
        """Post an update, and do what the answer asks for. Returns whether it was taken."""
        try:
            response = self._wire.send(
                "telegram",
                sender,
                title,
                f"{self._wire.public_url}/hooks/telegram",
                document={"update_id": next(self._numbers), **content},
                headers={"X-Telegram-Bot-Api-Secret-Token": self.secret},
            )
        except Unreachable:
            return False
        self._obey(response)
        return response.ok

    def _obey(self, response: requests.Response) -> None:
        """A bot may call one method in its answer to an update."""
        if response.headers.get("Content-Type", "").startswith("application/json"):
            asked = response.json()
            if isinstance(asked, dict) and isinstance(asked.get("method"), str):
                self.call(asked["method"], asked)

    def _stored(self, file: File) -> dict[str, Any]:
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._files[name] = file
            if len(self._files) > KEPT:
                self._files.popitem(last=False)
        return {"file_id": name, "file_unique_id": name[:16], "file_size": len(file.content)}

    def _remember(self, chat: int, message: dict[str, Any]) -> None:
        with self._lock:
            self._said[chat, message["message_id"]] = message
            if len(self._said) > KEPT:
                self._said.popitem(last=False)


def _user(someone: Person) -> dict[str, Any]:
    return {
        "id": someone.chat,
        "is_bot": False,
        "first_name": someone.first_name,
        "last_name": someone.last_name,
        "language_code": someone.language,
    }


def _private(someone: Person) -> dict[str, Any]:
    return {
        "id": someone.chat,
        "first_name": someone.first_name,
        "last_name": someone.last_name,
        "type": "private",
    }


def _keys(markup: Mapping[str, Any]) -> list[dict[str, str]]:
    """What stands instead of the telephone's own keyboard: what it says, and what it sends."""
    return [
        {"label": str(key.get("text")), "sends": what}
        for row in markup.get("keyboard", [])
        for key in row
        for what in ("location", "contact")
        if key.get(f"request_{what}")
    ]


def _buttons(markup: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    return [
        [{"label": str(b.get("text")), "value": str(b.get("callback_data", ""))} for b in row]
        for row in markup.get("inline_keyboard", [])
    ]
