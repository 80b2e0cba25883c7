"""The desk's words: complete in every language, and nothing in the catalogues that nobody says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from gateway.messages import catalogue

GATEWAY = Path(__file__).parents[3] / "gateway"
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "say": None,
    "ngettext": (1, 2),
}


def said() -> Iterator[tuple[str, ...]]:
    """Every sentence of the desk's templates, views and mails, with its plural where it has one."""
    for folder, pattern, method in (
        ("web/templates", "desk/**.html", "jinja2.ext:babel_extract"),
        ("web", "desk/**.py", "python"),
        (".", "invitations.py", "python"),
        (".", "reminders.py", "python"),
    ):
        for _file, _line, message, _comments, _context in extract_from_dir(
            GATEWAY / folder,
            method_map=[(pattern, method)],
            options_map={"desk/**.html": {"trimmed": "true", "silent": "false"}},
            keywords=_KEYWORDS,
        ):
            yield message if isinstance(message, tuple) else (message,)


@cache
def written(language: str) -> Catalog:
    with (GATEWAY / "translations" / language / "desk.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_everything_at_the_desk_is_translated_and_nothing_else(language: str) -> None:
    sentences = {sentence[0] for sentence in said()}
    entries = {
        entry.id if isinstance(entry.id, str) else entry.id[0]: entry
        for entry in written(language)
        if entry.id
    }
    assert len(sentences) > 150
    assert entries.keys() - sentences == set(), "nobody says this"
    assert sentences - entries.keys() == set(), "not translated"
    for sentence, entry in entries.items():
        strings = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        assert all(strings), f"{sentence}: not translated"
        assert not entry.fuzzy, f"{sentence}: fuzzy"
        facts = set(re.findall(r"%\(\w+\)s", sentence))
        for string in strings:
            assert set(re.findall(r"%\(\w+\)s", string)) <= facts, string
        assert any(facts <= set(re.findall(r"%\(\w+\)s", string)) for string in strings), sentence


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "بعد يوم"), (2, "بعد يومين"), (3, "بعد %(num)s أيام"), (11, "بعد %(num)s يوما")],
)
def test_arabic_counts_in_its_own_ways(count: int, told: str) -> None:
    days = catalogue("ar", "desk").ngettext("in %(num)s day", "in %(num)s days", count)
    assert days == told


def test_the_desks_look_is_made_of_the_tokens() -> None:
    static = GATEWAY / "web" / "static"
    css = (static / "desk.css").read_text(encoding="utf-8")
    tokens = (static / "tokens.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b|\brgb|\bhsl", css)
    used = set(re.findall(r"var\((--[\w-]+)", css))
    assert used <= set(re.findall(r"(--[\w-]+):", tokens))
