"""A setting that cannot be used is named in one line; the documents list every one there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from channels.base import BadSetting
from gateway.settings import Settings, load
from gateway.settings_page import page

ROOT = Path(__file__).parents[2]
GOOD = {"SECRET_KEY": "x", "DATABASE_URL": "sqlite:///x.db"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://root@localhost/x"),
        ("REDIS_URL", "localhost:6379"),
        ("PUBLIC_URL", "guichet.example"),
        ("PUBLIC_URL", "https:///hooks"),
        ("MEDIATOR_URL", "www.mediateur.example"),
        ("SECURITY_CONTACT", "security@guichet.example"),
        ("DEFAULT_LANGUAGE", "tlh"),
        ("TIME_ZONE", "Africa/Atlantis"),
        ("TELEGRAM_MODE", "push"),
        ("REGION", "Maroc"),
        ("REGION", "ZZ"),
        ("DUE_DAYS", "0"),
        ("ATTACHMENTS_URL", "ftp://files"),
        ("SIMULATOR", "yes"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not_repeated(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as wrong:
        load({**GOOD, name: value})
    assert wrong.value.name == name
    assert value not in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from the file\n")
    settings = load({**GOOD, "TWILIO_AUTH_TOKEN_FILE": str(file)})
    assert settings.twilio_auth_token == "from the file"
    assert settings.environ["TWILIO_AUTH_TOKEN"] == "from the file"


def test_a_setting_given_twice_or_in_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="twice"):
        load({**GOOD, "SECRET_KEY_FILE": str(tmp_path / "key")})
    with pytest.raises(BadSetting, match="SMTP_URL_FILE"):
        load({**GOOD, "SMTP_URL_FILE": str(tmp_path / "nowhere")})


@pytest.mark.parametrize(
    "public",
    [{"HOST": "0.0.0.0"}, {"PUBLIC_URL": "https://guichet.example"}],
    ids=["listens to the world", "announced to the world"],
)
def test_the_simulator_refuses_a_public_address(public: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="SIMULATOR"):
        load({**GOOD, **public, "SIMULATOR": "1"})
    assert load({**GOOD, **public, "SIMULATOR": "allow-public"}).simulator == "allow-public"


def test_a_key_is_made_once_for_one_process_and_demanded_of_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = load({}).secret_key
    assert len(made) == 64
    assert load({}).secret_key == made
    assert (tmp_path / "var/secret_key").stat().st_mode & 0o077 == 0
    with pytest.raises(BadSetting, match="SECRET_KEY"):
        load({"REDIS_URL": "redis://localhost"})


def test_no_secret_is_shown_with_the_settings() -> None:
    settings = load({**GOOD, "TWILIO_AUTH_TOKEN": "hush", "SMTP_URL": "smtp://u:hush@h"})
    assert "hush" not in repr(settings)


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs/settings.md").read_text("utf-8")
    assert text == page() + "\n"
    documented = set(re.findall(r"^\| `([A-Z_0-9]+)` \|", text, re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields} - {"ENVIRON"}
    for name, field in Settings.model_fields.items():
        assert name == "environ" or (field.description or "") in text, name
