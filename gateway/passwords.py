"""Passwords: long enough, kept as argon2 hashes, compared in a time that tells nothing."""

from __future__ import annotations

import secrets
from functools import cache
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Length is what makes a password strong (NIST SP 800-63B); the upper end keeps hashing cheap.
SHORTEST, LONGEST = 12, 200

_HASHER = PasswordHasher()
#: A hash takes 64 MB for as long as it is made: not one for every thread that serves.
_TURNS = Semaphore(4)


class Refused(Exception):
    """What was asked of an account cannot be done; the message says why."""


def hashed(password: str) -> str:
    """What is kept of a password. Raises Refused for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(f"a password has {SHORTEST} to {LONGEST} characters")
    with _TURNS:
        return _HASHER.hash(password)


def proves(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; without one kept it takes as long to say no."""
    # Asked for in any case: the first login of a process waits for it, whoever logs in.
    nobodys = _nobodys()
    try:
        with _TURNS:
            right = _HASHER.verify(kept or nobodys, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


@cache
def _nobodys() -> str:
    """Compared with where there is no password. Not made before somebody logs in: it takes a tenth
    of a second, and most processes let nobody in."""
    return _HASHER.hash(secrets.token_urlsafe())
