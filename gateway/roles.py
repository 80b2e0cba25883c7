"""Who may see and do what at the desk: one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["agent", "supervisor", "triage", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

#: Only these belong to an administration, and then see its cases alone. Triage sees what has no
#: administration yet, or is disputed; everybody else sees every case.
OF_AN_ADMINISTRATION: tuple[Role, ...] = ("agent", "supervisor")

_WORKERS: tuple[Role, ...] = ("agent", "supervisor", "triage", "admin")
_LEADERS: tuple[Role, ...] = ("supervisor", "admin")

#: Who may do what. What is done to a case also takes one that they see.
MAY: Mapping[str, tuple[Role, ...]] = {
    "read": ROLES,
    "download": ROLES,
    "note": _WORKERS,
    "reply": _WORKERS,
    "take": _WORKERS,
    "transfer": _WORKERS,
    "accept": _WORKERS,
    "extend": _WORKERS,
    "merge": _WORKERS,
    "close": _WORKERS,
    "refuse": _WORKERS,
    "reopen": _WORKERS,
    "assign": _LEADERS,
    "templates": _LEADERS,
    # Every citizen reads them, whichever administration they wrote to.
    "articles": ("admin",),
    "shunted": ("triage", "admin"),
    "audit": ("auditor", "admin"),
    "users": ("admin",),
}


@dataclass(frozen=True, slots=True)
class StaffView:
    """Somebody of the staff. ``administration``: whose cases they see; None: everybody's."""

    id: int
    email: str
    name: str
    role: Role
    administration: str | None
    language: str


def may(who: StaffView, act: str) -> bool:
    """Whether their role does this at all. Raises KeyError for an act that nobody knows."""
    return who.role in MAY[act]


def sees(who: StaffView, administration: str | None) -> bool:
    """Whether they see the cases of an administration; None: those in triage and disputed."""
    if who.role == "triage":
        return administration is None
    return who.administration in (None, administration)
