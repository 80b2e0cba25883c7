"""The four digits that a caller chooses, by which they may ask about a case from any phone."""

from __future__ import annotations

import hashlib
import hmac
import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.models import Case

#: After so many wrong ones a case's code proves nothing any more: there are but ten thousand.
#: Its caller's own phone always does.
MOST_FAILURES = 5

#: What a caller can type as one.
CODE = re.compile(r"\d{4}", re.ASCII)


def digest(secret: str, number: str, code: str) -> str | None:
    """What is kept of a case's code; None for what is no code."""
    if not CODE.fullmatch(code):
        return None
    return hmac.new(secret.encode(), f"{number} {code}".encode(), hashlib.sha256).hexdigest()


def choose(session: Session, number: str, code: str, secret: str) -> None:
    """Let a code open a case together with its number from now on; what is no code does not."""
    case = session.scalar(select(Case).where(Case.number == number).with_for_update())
    if case is not None:
        case.pin = digest(secret, number, code) or case.pin


def opened(session: Session, number: str, code: str, secret: str) -> Case | None:
    """The case that a number and its code open together. A wrong code is counted."""
    case = session.scalar(select(Case).where(Case.number == number).with_for_update())
    if case is None or case.pin is None or case.pin_failures >= MOST_FAILURES:
        return None
    if hmac.compare_digest(case.pin, digest(secret, number, code) or ""):
        case.pin_failures = 0
        return case
    case.pin_failures += 1
    return None
