"""The mail that brings somebody of the staff the link by which they choose a password."""

from __future__ import annotations

from datetime import datetime

from channels.base import BadSetting, SendFailed
from gateway import staff_mail
from gateway.house import House
from gateway.messages import catalogue
from gateway.roles import StaffView


def invite(house: House, who: StaffView, now: datetime, *, by: StaffView | str) -> tuple[str, bool]:
    """Make the link and mail it; the link, and whether the mail server took it.

    Where there is no mail, whoever made the account hands the link over.
    """
    link = f"{house.settings.public_url}/desk/password/{house.staff.invite(who.id, now, by=by)}"
    say = catalogue(who.language, "desk").gettext
    text = say(
        "Choose your password for the desk of Guichet here; the link works once and not for long:"
    )
    try:
        staff_mail.send(
            house.settings.environ,
            who.email,
            say("Your account at the desk"),
            f"{text}\n\n{link}\n",
            now,
        )
    except (SendFailed, BadSetting):
        return link, False
    return link, True
