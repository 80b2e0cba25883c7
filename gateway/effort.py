"""Proof of work instead of a captcha: a browser computes for a moment before its form is taken.

The challenge and its solution have the form that ALTCHA documents (version 2, PBKDF2/SHA-256).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from sqlalchemy import select

from gateway.models import NoteRow
from gateway.store import Store

#: A citizen may read their words back for long; notes are kept a day, so no solution outlives
#: the note that it was used.
LIFETIME = timedelta(hours=4)
#: Each try succeeds with one chance in 256.
_PREFIX = "00"
_ALGORITHM = "PBKDF2/SHA-256"
#: A solution is about half a kilobyte.
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Effort:
    """Sets challenges and knows their solutions, each of which is good for one form."""

    store: Store
    secret: str
    cost: int

    def challenge(self, now: datetime) -> dict[str, Any]:
        """A challenge as JSON, for the browser to solve."""
        made = create_challenge(
            _ALGORITHM,
            self.cost,
            key_prefix=_PREFIX,
            expires_at=now + LIFETIME,
            hmac_secret=self._key,
        )
        return made.to_dict()

    def proves(self, solution: str, form: str, now: datetime) -> bool:
        """Whether a solution is right and not used up. ``form`` is the digest of what is sent:
        the same form may come twice, since a citizen presses the button again."""
        if not solution or len(solution) > _LONGEST:
            return False
        if not verify_solution(solution, self._key).verified:
            return False
        nonce = Payload.from_base64(solution).challenge.parameters.nonce
        key = f"effort:{nonce}"
        with self.store.write() as session:
            session.execute(
                self.store.insert(NoteRow)
                .values(key=key, data={"form": form}, at=now)
                .on_conflict_do_nothing(index_elements=["key"])
            )
            used = session.scalar(select(NoteRow.data).where(NoteRow.key == key))
        return used == {"form": form}

    @property
    def _key(self) -> str:
        return f"{self.secret} effort"
