"""``normalize email``: one mail in, one line of JSON out, whatever the mail."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.mail_command import normalize_email

PAYLOADS = Path(__file__).parents[1] / "payloads" / "email"


def said(name: str) -> dict[str, Any]:
    line = normalize_email((PAYLOADS / f"{name}.eml").read_bytes())
    assert "\n" not in line
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_a_mail_with_a_photo() -> None:
    found = said("french-photo")
    assert found["from"] == "fatima@exemple.ma"
    assert found["to"] == ["plaintes@commune.example"]
    assert found["subject"] == "Éclairage public en panne, rue Ibn Sina"
    assert found["text"].endswith("Cordialement,\nFatima Zahra")
    assert found["full_text"].endswith("Envoyé depuis mon téléphone")
    assert (found["auto"], found["bounce"], found["language"]) == (False, False, "fr")
    (photo,) = found["attachments"]
    assert photo["filename"] == "lampadaire cassé.jpg"
    assert photo["content_type"] == "image/jpeg"
    assert photo["size"] > 0
    assert len(photo["sha256"]) == len(hashlib.sha256().hexdigest())


def test_a_reply_in_html() -> None:
    found = said("html-only-reply")
    assert found["text"] == "Toujours rien, merci d'agir."
    assert "ancien message" in found["full_text"]
    assert "traceur" not in found["full_text"]
    assert found["in_reply_to"] == "<old-2@commune.example>"
    assert found["references"] == ["<old-1@commune.example>", "<old-2@commune.example>"]


@pytest.mark.parametrize(
    ("name", "auto", "bounce"),
    [("out-of-office", True, False), ("dsn-failed", True, True), ("bounce-qmail", True, True)],
)
def test_machines(name: str, auto: bool, bounce: bool) -> None:
    found = said(name)
    assert (found["auto"], found["bounce"]) == (auto, bounce)


@pytest.mark.parametrize("raw", [b"", b"\0", b"\xff" * 100, b"\n" * 100], ids=repr)
def test_nonsense_is_one_line_too(raw: bytes) -> None:
    assert set(json.loads(normalize_email(raw))) >= {"from", "to", "subject", "text", "attachments"}
