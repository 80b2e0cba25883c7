"""Passwords: long enough, kept as argon2 hashes, compared in a time that tells nothing."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Length is what makes a password strong (NIST SP 800-63B); the upper end keeps hashing cheap.
SHORTEST, LONGEST = 12, 200

_HASHER = PasswordHasher()
#: Compared with where there is no password, so that the answer takes as long.
_NOBODYS = _HASHER.hash(secrets.token_urlsafe())


class Refused(Exception):
    """What was asked of an account cannot be done; the message says why."""


def hashed(password: str) -> str:
    """What is kept of a password. Raises Refused for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(f"a password has {SHORTEST} to {LONGEST} characters")
    return _HASHER.hash(password)


def proves(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; without one kept it takes as long to say no."""
    try:
        return _HASHER.verify(kept or _NOBODYS, password[: LONGEST + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
