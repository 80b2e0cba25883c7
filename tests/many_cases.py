"""Fills a database with cases by the thousand, as years of work leave them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from gateway.models import ANSWERED, AddressRow, Case, CaseAddress, Contact
from gateway.roles import StaffView
from gateway.search import index
from gateway.store import Store
from routing.directory import Directory

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
#: One case in so many is still open.
_OPEN_ONE_IN = 4
_BATCH = 2_000
_FRENCH = (
    "la rue le quartier une coupure eau électricité depuis semaine jours personne réponse dossier "
    "hôpital médecin rendez-vous attente école classe professeur transport bus ligne retard trou "
    "chaussée éclairage lampadaire cassé ordures débordent odeur égout inondation permis "
    "construire attestation passeport carte nationale consulat retraite pension facture erreur"
).split()
_ARABIC = (
    "الماء مقطوع منذ أسبوع في الحي ولا أحد يجيب المستشفى بدون طبيب المرضى ينتظرون كل صباح الأزبال "
    "تتراكم أمام المدرسة الطريق محفورة الإنارة العمومية معطلة شهادة السكنى تأخرت البطاقة الوطنية "
    "الحافلة لا تأتي الفاتورة مرتفعة خطأ التعويض معاش الأرملة رخصة البناء الصرف الصحي رائحة كريهة"
).split()


def fill(store: Store, staff: list[StaffView], count: int, now: datetime = NOW) -> None:
    """Write so many cases; the same each time. Some are assigned to the staff."""
    directory = Directory.load()
    chance = random.Random(2027)
    slugs = [one.slug for one in directory.administrations]
    cities = [one.slug for one in directory.cities]
    for first in range(1, count + 1, _BATCH):
        numbers = range(first, min(first + _BATCH, count + 1))
        with store.write() as session:
            people = [n for n in numbers if n % 2]
            session.execute(insert(Contact), [{"id": n, "created_at": NOW} for n in people])
            session.execute(insert(AddressRow), [_address(n) for n in people])
            rows = [
                {**_case(n, chance, slugs, cities, staff), **_times(n, chance, now)}
                for n in numbers
            ]
            session.execute(insert(Case), rows)
            session.execute(
                insert(CaseAddress),
                [{"case_id": row["id"], "address_id": row["address_id"]} for row in rows],
            )
            index(session, numbers)
    with store.write() as session:
        session.execute(text("ANALYZE"))


def phone(n: int) -> str:
    """The phone of the person with an odd number, and of the case after theirs."""
    return f"+2126{n:08d}"


def _address(n: int) -> dict[str, Any]:
    return {"id": n, "contact_id": n, "kind": "tel", "value": phone(n), "created_at": NOW}


def _case(
    n: int, chance: random.Random, slugs: list[str], cities: list[str], staff: list[StaffView]
) -> dict[str, Any]:
    is_open = n % _OPEN_ONE_IN == 0
    status = chance.choice(
        ("routed", "routed", "in_progress", "in_progress", "awaiting_citizen", "reopened")
        if is_open
        else ANSWERED
    )
    triage = is_open and chance.random() < 0.05
    return {
        "id": n,
        "number": f"{n:012d}",
        "status": "received" if triage else status,
        "subject": " ".join(chance.choices(_FRENCH, k=4)) if n % 3 == 0 else None,
        "kind": chance.choice(("complaint", "complaint", "question", "suggestion")),
        "text": " ".join(chance.choices(_ARABIC if chance.random() < 0.6 else _FRENCH, k=25)),
        "language": chance.choice(("ar", "fr", "ary-Arab")),
        # A few administrations get most of what there is.
        "administration": None if triage else slugs[int(chance.paretovariate(0.7)) % len(slugs)],
        "confidence": 0.9,
        "candidates": [],
        "reasons": [],
        "city": chance.choice(cities),
        "channel": chance.choice(("sms", "email", "telegram", "webform", "voice")),
        "account": "",
        "contact_id": n - (n % 2 == 0),
        "address_id": n - (n % 2 == 0),
        "assignee_id": chance.choice(staff).id
        if staff and is_open and chance.random() < 0.7
        else None,
        "disputed": triage and chance.random() < 0.2,
        "sent_by": "health" if is_open and chance.random() < 0.03 else None,
        "version": 1,
    }


def _times(n: int, chance: random.Random, now: datetime) -> dict[str, datetime | None]:
    is_open = n % _OPEN_ONE_IN == 0
    created_at = now - timedelta(minutes=chance.randrange(60 * 24 * (80 if is_open else 1200)))
    return {
        "created_at": created_at,
        "due_at": created_at + timedelta(days=60),
        "closed_at": None if is_open else created_at + timedelta(days=19),
    }
