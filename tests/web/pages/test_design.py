"""The design system and the words: readable, small, and complete in every language."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

from gateway.messages import catalogue

WEB = Path(__file__).parents[3] / "gateway" / "web"
STATIC = WEB / "static"
TRANSLATIONS = WEB.parent / "translations"

#: Of text and what it stands on, WCAG 2.2 asks for 4.5:1; of edges and focus rings, for 3:1.
TEXT = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink-soft", "paper"),
    ("ink-soft", "surface"),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent-strong", "surface"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("accent-soft-ink", "accent-soft"),
    ("warm-soft-ink", "warm-soft"),
    ("danger", "surface"),
    ("danger-soft-ink", "danger-soft"),
    ("deep-ink", "deep"),
    ("deep-soft", "deep"),
    ("deep", "deep-ink"),
    ("deep", "deep-soft"),
]
EDGES = [
    ("edge", "surface"),
    ("edge", "paper"),
    ("danger", "surface"),
    ("focus", "paper"),
    ("focus", "surface"),
    ("focus-deep", "deep"),
]


@cache
def tokens(scheme: str) -> dict[str, str]:
    """The colours by name; the dark scheme changes some of the light ones."""
    css = (WEB / "static" / "tokens.css").read_text(encoding="utf-8")
    light, _, dark = css.partition("prefers-color-scheme: dark")
    colours = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
    return dict(colours.findall(light)) | (dict(colours.findall(dark)) if scheme == "dark" else {})


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("pair", "least"), [*((pair, 4.5) for pair in TEXT), *((pair, 3.0) for pair in EDGES)]
)
def test_colours_stand_out_from_what_they_stand_on(
    scheme: str, pair: tuple[str, str], least: float
) -> None:
    """Checkers of pages skip Arabic; the tokens do not."""
    front, back = (tokens(scheme)[name] for name in pair)
    assert contrast(front, back) >= least


def test_every_colour_is_a_token() -> None:
    """The pages' own sheet names none, so that the tokens are all there is to check."""
    css = (WEB / "static" / "site.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b|\brgb|\bhsl", css)


def test_every_token_that_is_used_is_defined() -> None:
    sheets = [
        (WEB / "static" / name).read_text(encoding="utf-8") for name in ("tokens.css", "site.css")
    ]
    used = {name for css in sheets for name in re.findall(r"var\((--[\w-]+)", css)}
    assert used <= set(re.findall(r"(--[\w-]+):", sheets[0]))


@pytest.mark.parametrize("path", ["/ar/", "/ar/submit", "/fr/questions", "/fr/follow"])
def test_the_first_view_is_small_enough_for_a_slow_line(app: Flask, path: str) -> None:
    """On 2G each kilobyte is a second; what a page loads is counted as it goes over the line."""
    client = app.test_client()
    page = client.get(path).text
    loaded = {path, *re.findall(r"""(?:src|href)="(/static/[^"]+)\"""", page)}
    # A module's own imports, a sheet's drawings, all that may follow.
    loaded |= {f"/static/{file.name}" for file in STATIC.glob("*.js") if "script" in page}
    loaded |= {f"/static/{file.name}" for file in STATIC.glob("*.svg")}
    sizes = {address: len(gzip.compress(client.get(address).data)) for address in loaded}
    assert sum(sizes.values()) < 60_000, sizes


def said() -> Iterator[tuple[str, ...]]:
    """Every sentence of the pages, with its plural where it has one."""
    found = extract_from_dir(
        WEB,
        method_map=[
            ("templates/pages/**.html", "jinja2.ext:babel_extract"),
            ("pages/**.py", "python"),
        ],
        options_map={"templates/pages/**.html": {"trimmed": "true", "silent": "false"}},
    )
    for _file, _line, message, _comments, _context in found:
        yield message if isinstance(message, tuple) else (message,)


@cache
def written(language: str) -> Catalog:
    with (TRANSLATIONS / language / "pages.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


@pytest.mark.parametrize("language", ["ar", "fr", "zgh-Tfng"])
def test_everything_on_the_pages_is_translated_and_nothing_else(language: str) -> None:
    sentences = {sentence[0] for sentence in said()}
    entries = {
        entry.id if isinstance(entry.id, str) else entry.id[0]: entry
        for entry in written(language)
        if entry.id
    }
    assert len(sentences) > 50
    assert entries.keys() == sentences
    for sentence, entry in entries.items():
        strings = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        assert all(strings), f"{sentence}: not translated"
        assert not entry.fuzzy, f"{sentence}: fuzzy"
        facts = set(re.findall(r"%\(\w+\)s", sentence))
        for string in strings:
            assert set(re.findall(r"%\(\w+\)s", string)) <= facts | {"%(count)s"}, string
        assert any(facts <= set(re.findall(r"%\(\w+\)s", string)) for string in strings), sentence


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "بقي يوم واحد"),
        (2, "بقي يومان"),
        (3, "بقيت %(count)s أيام"),
        (11, "بقي %(count)s يوما"),
        (60, "بقي %(count)s يوما"),
        (100, "بقي %(count)s يوم"),
    ],
)
def test_arabic_counts_in_its_six_ways(count: int, told: str) -> None:
    days = catalogue("ar", "pages").ngettext("%(count)s day left", "%(count)s days left", count)
    assert days == told
