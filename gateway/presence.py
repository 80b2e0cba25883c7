"""Who else has a case open right now."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from gateway.models import Presence, User
from gateway.store import Store

#: A page that is open says so every half minute; one without JavaScript once.
STILL_THERE = timedelta(minutes=2)


def look(store: Store, case_id: int, user_id: int, now: datetime) -> list[str]:
    """Say that somebody looks at a case; the names of the others who do."""
    with store.write() as session:
        session.execute(
            store.insert(Presence)
            .values(case_id=case_id, user_id=user_id, at=now)
            .on_conflict_do_update(index_elements=["case_id", "user_id"], set_={"at": now})
        )
        names = session.scalars(
            select(User.name)
            .join(Presence, Presence.user_id == User.id)
            .where(
                Presence.case_id == case_id,
                Presence.user_id != user_id,
                Presence.at > now - STILL_THERE,
            )
            .order_by(User.name)
        )
        return list(names)
