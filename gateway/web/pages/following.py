"""The addresses behind which citizens follow their cases, and how often each may be asked."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from gateway.web.current import house
from gateway.web.limits import limiter
from gateway.web.pages import arrive, follow, own

View = Callable[..., ResponseReturnValue]

#: What a phone network's one address may do: many citizens stand behind it, so only what goes
#: wrong counts on the follow page, and only what is done on the others.
_GUESSES = "10 per minute; 100 per hour"
_ACTS = "60 per minute"
#: Each is a message to somebody who may not have asked for it.
_CODES = "10 per hour"

#: What shows a case, or leads to one: it stays out of every cache and every referrer.
_NAMES = "case case_again look add rate reopen reach code type_code arrive link use upload"
PRIVATE = frozenset(f"pages.{name}" for name in (*_NAMES.split(), "upload_again"))


def add_addresses(pages: Blueprint, lang: str) -> None:
    """Hang them up; ``lang`` is the beginning of an address that names its language."""
    case, link = f"{lang}/case/<token>", f"{lang}/l/<token>"
    pages.add_url_rule(f"{lang}/follow", "follow", follow.ask)
    _form(pages, f"{lang}/follow", "look", _failing(follow.look))
    pages.add_url_rule(case, "case", follow.case)
    _form(pages, f"{case}/add", "add", _acting(own.add))
    _form(pages, f"{case}/rate", "rate", _acting(own.rate))
    _form(pages, f"{case}/reopen", "reopen", _acting(own.reopen))
    _form(pages, f"{case}/reach", "reach", _acting(own.reach, _CODES))
    # Where a form came back with an error, another language asks for its address.
    pages.add_url_rule(f"{case}/<any(add,rate,reopen,reach):_act>", "case_again", own.again)
    pages.add_url_rule(f"{case}/code/<asked>", "code", own.code)
    _form(pages, f"{case}/code/<asked>", "type_code", _failing(own.code))
    pages.add_url_rule("/l/<token>", "arrive", arrive.arrive)
    pages.add_url_rule(link, "link", arrive.link)
    _form(pages, link, "use", _failing(arrive.use))
    _form(pages, f"{link}/file", "upload", _failing(arrive.upload))
    pages.add_url_rule(f"{link}/file", "upload_again", arrive.again)
    pages.add_url_rule(f"{lang}/uploaded", "uploaded", arrive.uploaded)


def make_room(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let a larger file through where a link was given for one, before the form is read."""
    if endpoint == "pages.upload" and request.mimetype == "multipart/form-data":
        request.max_content_length = house().settings.large_upload_mb * 1024 * 1024


def _form(pages: Blueprint, address: str, name: str, view: View) -> None:
    pages.add_url_rule(address, name, view, methods=["POST"])


def _failing(view: View) -> View:
    return limiter.limit(_GUESSES, deduct_when=_failed)(view)


def _acting(view: View, limit: str = _ACTS) -> View:
    return limiter.limit(limit, deduct_when=_done)(view)


def _failed(response: Response) -> bool:
    return response.status_code != 303


def _done(response: Response) -> bool:
    return response.status_code == 303
