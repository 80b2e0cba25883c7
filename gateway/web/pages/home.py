"""The first page: what this is, and the ways to be heard."""

from __future__ import annotations

import phonenumbers
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.web.current import house
from gateway.web.pages.render import page
from gateway.web.pages.statistics import figure
from gateway.web.pages.tongues import tongue

#: So many of the questions that people ask stand on the first page.
_QUESTIONS = 4


def show() -> ResponseReturnValue:
    """The home page, with the addresses of the channels that are open."""
    here = house()
    settings = here.settings
    number = settings.twilio_from or ""
    # A messaging service (``MG…``) has no number that a citizen could use.
    phone = number if number.startswith("+") else None
    return page(
        "home.html",
        days=settings.due_days,
        phone=phone,
        said=_for_reading(number),
        text=phone and "sms" in here.channels,
        call=phone and "voice" in here.channels,
        mail=settings.email_address if "email" in here.channels else None,
        simulated=bool(here.simulated),
        total=here.statistics.report(clock.now()).total,
        figure=figure,
        articles=here.articles.search(tongue().tag)[:_QUESTIONS],
    )


def _for_reading(number: str) -> str:
    """``+212 530-001122`` for ``+212530001122``."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
