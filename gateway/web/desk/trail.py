"""The audit trail as a page, and as a file to take along."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from gateway import audit
from gateway.audit import PAGE, AuditFilters, AuditLine
from gateway.web.current import house
from gateway.web.desk.current import me, need
from gateway.web.desk.render import page
from normalizer.tracking import parse

_COLUMNS = ("id", "at", "user", "who", "act", "case", "details")
#: A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def show() -> ResponseReturnValue:
    """A page of the trail."""
    need("audit")
    filters = _filters()
    before = request.args.get("before", "")
    lines = house().trail.look(filters, _number(before))
    _note("audit read")
    chosen = {key: value for key, value in request.args.items() if value and key != "before"}
    users = [one.staff for one in house().staff.users()]
    return page(
        "trail.html",
        lines=lines,
        asked={key: request.args.get(key, "") for key in ("case", "user", "act", "since", "until")},
        users=users,
        names={one.id: one.name for one in users},
        acts=audit.ACTS,
        next=_address("desk.audit", {**chosen, "before": str(lines[-1].id)})
        if len(lines) == PAGE
        else None,
        export=_address("desk.audit_file", chosen),
    )


def export() -> Response:
    """The same lines as CSV (RFC 4180), all of them."""
    need("audit")
    filters, trail = _filters(), house().trail
    _note("audit exported")
    response = Response(_csv(trail.all(filters)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _csv(lines: Iterable[AuditLine]) -> Iterator[str]:
    yield _row(_COLUMNS)
    for one in lines:
        details = json.dumps(one.data, ensure_ascii=False, sort_keys=True)
        user = "" if one.user_id is None else str(one.user_id)
        at = one.at.isoformat(timespec="milliseconds")
        yield _row((str(one.id), at, user, one.who, one.act, one.number or "", details))


def _row(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()


def _filters() -> AuditFilters:
    said = request.args
    number = said.get("case", "").strip()
    until = _day(said.get("until"))
    return AuditFilters(
        # What is no number matches no case, rather than every one.
        number=(parse(number) or number) or None,
        user_id=_number(said.get("user", "")),
        act=said.get("act") or None,
        since=_day(said.get("since")),
        until=until + timedelta(days=1) if until else None,
    )


def _note(act: str) -> None:
    asked = {key: value[:100] for key, value in request.args.items() if value}
    with house().store.write() as session:
        audit.note(session, me(), act, None, asked=asked)


def _day(said: str | None) -> datetime | None:
    try:
        day = date.fromisoformat(said or "")
    except ValueError:
        return None
    return datetime.combine(day, time(), tzinfo=house().settings.zone)


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


def _address(endpoint: str, chosen: dict[str, str]) -> str:
    values: dict[str, Any] = dict(chosen)
    return url_for(endpoint, **values)
