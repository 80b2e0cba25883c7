"""Who may send a form: a browser that has worked for it, or one that is in no hurry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from flask import Request, current_app
from flask_limiter import RateLimitExceeded
from itsdangerous import BadData, URLSafeTimedSerializer

from gateway.effort import LIFETIME
from gateway.web.current import house
from gateway.web.limits import limiter
from gateway.web.pages.draft import Draft

#: A person reads their words before they send them; a machine does not wait so long.
SLOW = timedelta(seconds=12)
#: Forms without proof of work from one address, behind which a whole town may stand.
WITHOUT_PROOF = "6 per 10 minutes; 30 per hour"

Verdict = Literal["welcome", "check", "wait", "busy"]


def opened(draft: Draft) -> str:
    """Our word on when this form was shown, to be sent along with it."""
    said = _serializer().dumps(draft["submission"])
    return said if isinstance(said, str) else said.decode()


def judge(draft: Draft, request: Request, now: datetime) -> Verdict:
    """Whether to take a form: ``check`` when its sender has to see it first, ``wait`` when that
    was but a moment ago, ``busy`` when too many came without proof of work."""
    effort = house().effort
    if not effort.cost or effort.proves(request.form.get("effort", ""), draft.digest, now):
        return "welcome"
    since = _since(draft, request.form.get("opened", ""))
    if since is None:
        return "check"
    if now - since < SLOW:
        return "wait"
    try:
        with limiter.limit(WITHOUT_PROOF):
            return "welcome"
    except RateLimitExceeded:
        return "busy"


def _since(draft: Draft, said: str) -> datetime | None:
    try:
        submission, at = _serializer().loads(
            said, max_age=int(LIFETIME.total_seconds()), return_timestamp=True
        )
    except BadData:
        return None
    return at if submission == draft["submission"] and isinstance(at, datetime) else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="guichet.pages.opened")
