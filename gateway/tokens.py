"""Bearer tokens of the API: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from gateway import clock
from gateway.models import Token
from gateway.store import Store

#: Lets people and secret scanners recognise one.
PREFIX = "guichet_"


class NameTaken(Exception):
    """A token of that name exists."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Who may use the API."""

    store: Store

    def new(self, name: str) -> str:
        """Make a token and return it; it cannot be shown again. Raises NameTaken."""
        token = PREFIX + secrets.token_urlsafe(32)
        try:
            with self.store.write() as session:
                session.add(Token(name=name, sha256=_hash(token), created_at=clock.now()))
        except IntegrityError:
            raise NameTaken(name) from None
        return token

    def owner(self, token: str) -> str | None:
        """The name a valid token was made for.

        Looked up by its hash, so that the time it takes tells nothing about any token's letters.
        """
        with self.store.read() as session:
            return session.scalar(
                select(Token.name).where(Token.sha256 == _hash(token), Token.revoked_at.is_(None))
            )

    def revoke(self, name: str) -> bool:
        """End a token's life; whether there was one."""
        with self.store.write() as session:
            done = session.execute(
                update(Token)
                .where(Token.name == name, Token.revoked_at.is_(None))
                .values(revoked_at=clock.now())
                .returning(Token.id)
            )
            return done.first() is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
