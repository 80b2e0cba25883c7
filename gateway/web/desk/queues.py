"""The queues as pages: filters and the place in the list stand in the address."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import audit, clock
from gateway.cases import NOTICES
from gateway.desk_queues import QUEUES, queues_of
from gateway.lists import COUNTED, Filters, Page, Place
from gateway.messages import LANGUAGES
from gateway.web.current import house
from gateway.web.desk.current import me, need
from gateway.web.desk.render import named, page

_KINDS = ("complaint", "suggestion", "remark", "question")
_WORDS = ("status", "administration", "channel", "language", "kind", "city")
_LONGEST = 200


def home() -> ResponseReturnValue:
    """Where one begins: the first of one's queues that holds something."""
    here, now = house().lists, clock.now()
    waiting = [name for name, count in here.counts(me(), now).items() if count]
    return redirect(url_for("desk.queue", name=waiting[0] if waiting else "all"))


def nowhere(path: str) -> ResponseReturnValue:
    """Any other address at the desk: told by the desk, in the language of who asked."""
    abort(404)


def show(name: str) -> ResponseReturnValue:
    """One page of a queue."""
    lists, now = house().lists, clock.now()
    if name not in queues_of(me()):
        abort(404)
    need("read")
    filters = _filters()
    found = lists.look(me(), name, filters, now, _mark(request.args.get("after")))
    _note(name, found)
    chosen: dict[str, Any] = {
        key: value for key, value in request.args.items() if value and key != "after"
    }
    return page(
        "queue.html",
        queue=name,
        found=found,
        filters=filters,
        query=filters.words,
        narrowed=any(key != "q" for key in chosen),
        next=_next(name, chosen, found),
        first=url_for("desk.queue", name=name, **chosen) if "after" in request.args else None,
        # That of a case is between the two parts.
        address=url_for("desk.case", number="number", queue=name).split("number"),
        now=now,
        **_choices(),
    )


def _next(name: str, chosen: dict[str, Any], found: Page) -> str | None:
    if found.after is None:
        return None
    due_at, case_id = found.after
    return url_for(
        "desk.queue", name=name, **{**chosen, "after": f"{due_at.isoformat()}~{case_id}"}
    )


def _filters() -> Filters:
    said = {key: value.strip()[:_LONGEST] for key, value in request.args.items()}
    who = said.get("assignee", "")
    return Filters(
        **{name: said.get(name) or None for name in _WORDS},
        since=_day(said.get("since")),
        until=_day(said.get("until")),
        assignee=int(who) if who.isascii() and who.isdigit() and len(who) < 19 else None,
        words=said.get("q") or None,
    )


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None


def _mark(said: str | None) -> Place | None:
    """The place in the list that the address names; an address that names none begins it."""
    at, _, case_id = (said or "").partition("~")
    try:
        found = datetime.fromisoformat(at), int(case_id)
    except ValueError:
        return None
    return found if found[0].tzinfo and 0 <= found[1] < 2**63 else None


def _note(name: str, found: Page) -> None:
    """Who has looked through a list has read a little of every case on it."""
    asked = {key: value[:_LONGEST] for key, value in request.args.items() if value}
    numbers = [line.number for line in found.lines]
    with house().store.write() as session:
        audit.note(session, me(), "list", None, queue=name, asked=asked, cases=numbers)


def _choices() -> dict[str, Any]:
    """What the filters offer."""
    everywhere = me().administration is None
    return {
        "queue_names": tuple(QUEUES),
        "counted": COUNTED,
        "statuses": ("received", *NOTICES),
        "kinds": _KINDS,
        "channels": sorted({*house().channels, "webform"}),
        "tags": LANGUAGES,
        "administrations": named("administrations") if everywhere else {},
        "cities": named("cities"),
        "people": {
            str(one.id): one.name
            for one in house().staff.of_administration(me().administration)
            if one.role in ("agent", "supervisor", "triage", "admin")
        },
    }
