"""The addresses under which the simulator stands in for the providers' own APIs."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from gateway.web.simulator.exchange import Exchange
from gateway.web.simulator.journal import File
from gateway.web.simulator.people import by_chat, by_phone
from gateway.web.simulator.telegram import ApiError, Telegram
from gateway.web.simulator.twilio import VERSION, Account, Texts
from gateway.web.simulator.wire import Wire

#: Below the simulator's own address. The official clients put the rest behind it.
TWILIO = "/twilio"
TELEGRAM = "/telegram"

#: The longest text that Twilio takes in one message.
_LONGEST = 1600


class TwilioApi:
    """https://www.twilio.com/docs/usage/api: accounts, messages, calls and recordings."""

    def __init__(self, account: Account, texts: Texts, exchange: Exchange, wire: Wire) -> None:
        self._account = account
        self._texts = texts
        self._exchange = exchange
        self._wire = wire

    def add_to(self, blueprint: Blueprint) -> None:
        """Answer at these addresses."""
        here = f"{TWILIO}/{VERSION}/Accounts/<sid>"
        for path, view, method in (
            (f"{here}.json", self.account, "GET"),
            (f"{here}/Messages.json", self.message, "POST"),
            (f"{here}/Calls.json", self.call, "POST"),
            (f"{here}/Recordings/<recording>", self.recording, "GET"),
        ):
            blueprint.add_url_rule(path, f"twilio_{view.__name__}", view, methods=[method])

    def account(self, sid: str) -> ResponseReturnValue:
        """The account itself, by which its credentials are tried."""
        told = {"sid": sid, "friendly_name": "Simulated", "status": "active", "type": "Full"}
        return self._refusal(sid) or jsonify(told)

    def message(self, sid: str) -> ResponseReturnValue:
        """Take a text message for somebody."""
        form = request.form.to_dict()
        text = form.get("Body", "")
        if error := self._refusal(sid):
            return error
        if not form.get("To"):
            return _twilio_error(400, 21604, "A 'To' phone number is required.")
        if not text:
            return _twilio_error(400, 21602, "Message body is required.")
        if len(text) > _LONGEST:
            return _twilio_error(400, 21617, "The message body exceeds the 1600 character limit.")
        return self._created("sms", "The gateway sends a text", form, self._texts.create(form))

    def call(self, sid: str) -> ResponseReturnValue:
        """Place a call to somebody."""
        form = request.form.to_dict()
        if error := self._refusal(sid):
            return error
        if not form.get("To"):
            return _twilio_error(400, 21201, "No 'To' number is specified")
        if not (form.get("Url") or form.get("Twiml")):
            return _twilio_error(400, 21205, "Url parameter is required.")
        made = self._exchange.create(form)
        return self._created("voice", "The gateway places a call", form, made)

    def recording(self, sid: str, recording: str) -> ResponseReturnValue:
        """A recording's sound. It comes as it was recorded, whichever format is asked for."""
        sound = self._exchange.recordings.sound(recording.partition(".")[0])
        if error := self._refusal(sid):
            return error
        if sound is None:
            return _twilio_error(404, 20404, "The requested resource was not found")
        return Response(sound.content, content_type=sound.content_type)

    def _refusal(self, sid: str) -> ResponseReturnValue | None:
        given = request.authorization
        said = f"{given.username}:{given.password}" if given else ""
        right = f"{self._account.sid}:{self._account.token}"
        known = hmac.compare_digest(said.encode(), right.encode()) and sid == self._account.sid
        return None if known else _twilio_error(401, 20003, "Authenticate")

    def _created(
        self, device: str, title: str, form: Mapping[str, str], made: Mapping[str, Any]
    ) -> ResponseReturnValue:
        self._wire.note(
            device,
            by_phone(form["To"]),
            title,
            sent=f"POST https://api.twilio.com{made['uri'].rpartition('/')[0]}.json\n"
            "Authorization: Basic ···",
            body="\n".join(f"{name}={value}" for name, value in form.items()),
            answered="201 Created\nContent-Type: application/json",
            answer=json.dumps(made, ensure_ascii=False, indent=2),
            outward=True,
        )
        return jsonify(made), 201


class TelegramApi:
    """https://core.telegram.org/bots/api: methods, and the files that people sent."""

    def __init__(self, telegram: Telegram, wire: Wire) -> None:
        self._telegram = telegram
        self._wire = wire

    def add_to(self, blueprint: Blueprint) -> None:
        """Answer at these addresses."""
        blueprint.add_url_rule(
            f"{TELEGRAM}/bot<token>/<method>",
            "telegram_method",
            self.method,
            methods=["GET", "POST"],
        )
        blueprint.add_url_rule(
            f"{TELEGRAM}/file/bot<token>/<path:path>", "telegram_file", self.file
        )

    def method(self, token: str, method: str) -> ResponseReturnValue:
        """Do what a method of the Bot API does."""
        if not self._knows(token):
            return _telegram_error(401, "Unauthorized")
        said = {**request.args.to_dict(), **request.form.to_dict()}
        if isinstance(sent := request.get_json(silent=True), dict):
            said |= {name: _plain(value) for name, value in sent.items()}
        try:
            answer = {"ok": True, "result": self._telegram.call(method, {**said, **_sent()})}
        except ApiError as error:
            return _telegram_error(error.code, error.description)
        if method.lower() != "getme":
            self._note(method, said, answer)
        return jsonify(answer)

    def file(self, token: str, path: str) -> ResponseReturnValue:
        """A file's content."""
        file = self._telegram.file(path) if self._knows(token) else None
        if file is None:
            return _telegram_error(404, "Not Found")
        return Response(file.content, content_type="application/octet-stream")

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._telegram.token.encode())

    def _note(self, method: str, said: Mapping[str, str], answer: Mapping[str, Any]) -> None:
        self._wire.note(
            "telegram",
            by_chat(said.get("chat_id", "")),
            f"The gateway calls {method}",
            sent=f"POST https://api.telegram.org/bot{self._telegram.bot}:···/{method}",
            body="\n".join(f"{name}={value}" for name, value in said.items()),
            answered="200 OK\nContent-Type: application/json",
            answer=json.dumps(answer, ensure_ascii=False, indent=2),
            outward=True,
        )


def _sent() -> dict[str, File]:
    return {
        name: File(file.filename or name, file.mimetype, file.read())
        for name, file in request.files.items()
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _twilio_error(status: int, code: int, message: str) -> ResponseReturnValue:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return jsonify(code=code, message=message, more_info=more, status=status), status


def _telegram_error(code: int, description: str) -> ResponseReturnValue:
    return jsonify(ok=False, error_code=code, description=description), code
