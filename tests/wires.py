"""What a test knows of a channel's wire: its settings, its requests, and how to spoil them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels.base import Context, Inbound, Outbound, Report, WireRequest
from channels.registry import adapter_class

#: Where the gateway under test believes to be, and when.
PUBLIC_URL = "https://guichet.example"
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

#: What citizens write. Each must come through exactly as it is.
TEXTS: Mapping[str, str] = {
    "Arabic": "السلام عليكم، كاينة حفرة كبيرة فزنقة ١٢",
    "Tifinagh": "ⴰⵣⵓⵍ, ⵉⵍⵍⴰ ⵢⴰⵏ ⵓⵅⴱⵓ",
    "emoji": "🕳️👩🏽‍🚒🇲🇦",
    "signs": "1 + 1 = 2 & 100 % <b>«où ?»</b> ;-)",
    "two lines": "Rue 12\nla lampe est cassée",
    "empty": "",
    "64 KB": " ".join(["الإنارة العمومية منعدمة"] * 1_600),
}

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One adapter under test and what stands at the other end of its wire.

    ``write(text)`` is a new message from a citizen, another one at each call: the request that the
    provider would make, or None when the message now lies where a pulled adapter fetches it.
    ``unknown()`` is the same of something that the adapter has never heard of. ``forged()`` are
    requests that the provider did not make, each with a label.

    ``refuse_for_now()`` and ``refuse_for_good()`` decide what the provider says to the next
    message that we send to ``recipient``; ``sent()`` are the texts that it took so far.
    """

    channel: str
    environ: Mapping[str, str]
    write: Callable[[str], WireRequest | None]
    unknown: Callable[[], WireRequest | None] | None = None
    forged: Callable[[], Iterable[tuple[str, WireRequest]]] = tuple
    #: Values that may appear in no log, no error and no answer.
    secrets: Sequence[str] = ()
    #: None for a channel that cannot send.
    recipient: str | None = None
    refuse_for_now: Callable[[], None] | None = None
    refuse_for_good: Callable[[], None] | None = None
    sent: Callable[[], Sequence[str]] = tuple
    #: False where citizens do not write, as in a phone call.
    carries_text: bool = True
    #: False for a channel that anyone may use unproved, such as a public form.
    signed: bool = True
    #: False for a pushed channel whose requests do not come to /hooks/<channel>.
    hooks: bool = True


def hook_url(channel: str, path: str = "", query: str = "") -> str:
    """The address that a provider is told to call."""
    return f"{PUBLIC_URL}/hooks/{channel}{path}" + (f"?{query}" if query else "")


def post(
    url: str, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> WireRequest:
    """A POST to ``url``, as an adapter sees it."""
    parts = urlsplit(url)
    is_form = content_type == _FORM
    named = {name.lower(): value for name, value in (headers or {}).items()}
    return WireRequest(
        method="POST",
        path=re.sub("^/hooks/[^/]+", "", parts.path),
        url=url,
        headers={"content-type": content_type, **named},
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        form=tuple(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else (),
        body=body,
        received_at=NOW,
    )


def post_form(
    url: str, fields: Iterable[tuple[str, str]], headers: Mapping[str, str] | None = None
) -> WireRequest:
    """A form posted to ``url``."""
    return post(url, urlencode(list(fields)).encode(), _FORM, headers)


def post_json(url: str, value: Any, headers: Mapping[str, str] | None = None) -> WireRequest:
    """A JSON document posted to ``url``."""
    return post(url, json.dumps(value).encode(), "application/json", headers)


def phrase(key: str, language: str, **facts: str) -> str:
    """Stands for the catalogue of sentences: says which one was asked for."""
    return " ".join([key, language, *facts.values()])


def make(channel: str, environ: Mapping[str, str]) -> Any:
    """The adapter that the gateway would make of these settings, or None."""
    context = Context(environ=environ, public_url=PUBLIC_URL, phrase=phrase)
    return adapter_class(channel).from_context(context)  # type: ignore[attr-defined]  # a third party's class is known only by its protocol


def hear(adapter: Any, incoming: WireRequest | None) -> list[Inbound | Report]:
    """What the adapter makes of one request, or finds where it polls."""
    if incoming is not None:
        return list(adapter.receive(incoming))
    found = list(adapter.fetch())
    adapter.close()
    return found


def message(adapter: Any, incoming: WireRequest | None) -> Inbound:
    """The same, when it must be one message."""
    (item,) = hear(adapter, incoming)
    assert isinstance(item, Inbound)
    return item


def outbound(to: str, text: str = "شكايتكم 2648 3159 2783") -> Outbound:
    """A message to a citizen."""
    return Outbound(id=1, to=to, text=text, language="ar", number="264831592783", subject="Guichet")


def garbled(incoming: WireRequest) -> Iterator[WireRequest]:
    """Requests with the same headers and nonsense inside: no provider's, and nobody's fault."""
    bodies = (
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"null",
        b"[]",
        b'{"a":' * 5_000,
        b"%ZZ=%00&&==",
        b"\r\n--",
    )
    for body in bodies:
        yield replace(incoming, body=body, form=())
    yield replace(incoming, headers={}, form=(("\ud800", "\udfff"), ("", "")))
    yield replace(incoming, headers=dict.fromkeys(incoming.headers, "\xffé="))
    yield replace(incoming, path="/never/heard/of", url=incoming.url + "/never/heard/of?&=")
