"""The first page: what this is, and the ways to be heard."""

from __future__ import annotations

import phonenumbers
from flask.typing import ResponseReturnValue

from gateway.web.current import house
from gateway.web.pages.render import page


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
    )


def _for_reading(number: str) -> str:
    """``+212 530-001122`` for ``+212530001122``."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
