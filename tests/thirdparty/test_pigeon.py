"""The pigeons keep the promises of every channel."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from channels.base import WireRequest
from tests.fakes.server import Answer, Asked, FakeProvider, in_json
from tests.harness import AdapterContract, Wire, hook_url, post

PAYLOADS = Path(__file__).parent / "pigeon" / "payloads"
SECRET = "coo-coo"


class Loft(FakeProvider):
    """The provider: a real HTTP server on loopback."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[str] = []

    def respond(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return Answer(401)
        if asked.path == "/loft":
            return in_json(200, {"pigeons": 12})
        self.letters.append(json.loads(asked.body)["note"])
        return in_json(202, {"id": f"L-{len(self.letters)}"})


def signed(body: bytes) -> WireRequest:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Pigeon-Signature": signature}
    return post(hook_url("pigeon"), body, "application/json", headers)


class TestPigeon(AdapterContract):
    @pytest.fixture
    def wire(self) -> Iterator[Wire]:
        landed = json.loads((PAYLOADS / "landed.json").read_text())
        serial = count(1)

        def write(text: str) -> WireRequest:
            flight = {**landed, "id": f"F-{next(serial)}", "note": text}
            return signed(json.dumps(flight).encode())

        def forged() -> Iterator[tuple[str, WireRequest]]:
            good = write("genuine")
            yield "no signature", replace(good, headers={})
            yield "another note", replace(good, body=good.body + b" ")

        with Loft() as loft:
            yield Wire(
                channel="pigeon",
                environ={"PIGEON_URL": loft.url, "PIGEON_SECRET": SECRET},
                write=write,
                unknown=lambda: signed((PAYLOADS / "moulting.json").read_bytes()),
                forged=forged,
                secrets=[SECRET],
                recipient="MA-2024-0117",
                refuse_for_now=lambda: loft.plan(Answer(503)),
                refuse_for_good=lambda: loft.plan(Answer(404)),
                sent=lambda: loft.letters,
            )
