"""Doubles: two cases about the same thing are treated as one, and nobody sees another's words."""

from __future__ import annotations

from sqlalchemy import select, update

from gateway.cases.errors import CaseError
from gateway.cases.rules import check_open
from gateway.cases.work import Work, same_person
from gateway.models import ANSWERED, Case, CaseAddress, Message


def merge(work: Work, target: Case) -> None:
    """Join the case in hand to another one.

    One person's double is theirs all the same, so its messages and addresses go along. Another
    person's keeps both: they are told, and hear every answer under their own number.
    """
    double = work.case
    if target.id == double.id:
        raise CaseError("a case is no double of itself", "double")
    for case in (double, target):
        check_open(case)
        # The one's citizen would wait for an answer that the other's has already.
        if case.status in ANSWERED:
            raise CaseError(f"{case.number} is answered; reopen it first", "answered")
    for other in work.doubles():
        other.merged_into = target.id
    double.merged_into = target.id
    double.administration, double.status = target.administration, target.status
    event = work.write("merged", into=target.number)
    work.write("merged", target, double=double.number)
    if same_person(double, target):
        _move(work, double, target)
    else:
        work.tell("merged", event)


def _move(work: Work, double: Case, target: Case) -> None:
    session = work.session
    session.execute(update(Message).where(Message.case_id == double.id).values(case_id=target.id))
    known = set(
        session.scalars(select(CaseAddress.address_id).where(CaseAddress.case_id == target.id))
    )
    theirs = session.scalars(
        select(CaseAddress.address_id).where(CaseAddress.case_id == double.id)
    ).all()
    session.add_all(
        CaseAddress(case_id=target.id, address_id=address)
        for address in theirs
        if address not in known
    )
