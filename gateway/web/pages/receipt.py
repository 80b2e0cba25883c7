"""The receipt that a citizen takes away, and the page on which anyone can check one."""

from __future__ import annotations

import segno
from flask import request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from channels.base import Receipt
from gateway import clock
from gateway.receipts import Statement, digest_of
from gateway.web.current import house
from gateway.web.pages import links
from gateway.web.pages.errors import gone
from gateway.web.pages.render import page
from normalizer.tracking import parse

#: Longer ones are not ours.
_LONGEST_CODE = 200
#: Turns over every second square, as on a chessboard: no large field stays one colour.
_MASK = 0


def receipt(token: str) -> ResponseReturnValue:
    """What the citizen takes away: number, administration, due date, and what happens next."""
    now = clock.now()
    try:
        sealed = links.open_receipt(token, now)
    except links.BadLink:
        return gone()
    here = house()
    number = sealed.number or _settled(sealed.message_id)
    case = here.cases.view(number) if number else None
    if case is None:
        return page("receipt.html", case=None, reachable=sealed.reachable)
    private = url_for("pages.case", token=links.case_token(case.number, links.PRIVATE, now))
    statement = here.receipts.statement(case.number)
    public = here.settings.public_url
    return page(
        "receipt.html",
        case=case,
        private=private,
        public_url=public,
        reachable=sealed.reachable,
        follow=url_for("pages.follow", number=case.number),
        drawing=_qr(public + url_for("pages.follow", number=case.number)),
        short=statement and here.receipts.short(statement),
        verify=statement and url_for("pages.verify", code=here.receipts.code(statement)),
    )


def verify() -> ResponseReturnValue:
    """The question for a receipt's code; a link may bring the long one along."""
    code = request.args.get("code", "")[:_LONGEST_CODE]
    if not code:
        return _asked({})
    statement = house().receipts.read(code)
    return _verified(statement, code)


def check_receipt() -> ResponseReturnValue:
    """Check number and short code as typed, or whether a text is the one that was filed."""
    code = request.form.get("code", "")[:_LONGEST_CODE]
    if code:
        return _verified(house().receipts.read(code), code, request.form.get("text", ""))
    typed = request.form.get("number", "").strip()
    short = request.form.get("short", "").strip()
    number = parse(typed)
    errors = {}
    if number is None:
        errors["number"] = "wrong" if typed else "missing"
    if not short:
        errors["short"] = "missing"
    if errors or number is None:
        return _asked(errors), 422
    statement = house().receipts.check(number, short)
    return _verified(statement, house().receipts.code(statement) if statement else None)


def _asked(errors: dict[str, str]) -> str:
    form = {name: request.form.get(name, "") for name in ("number", "short")}
    return page("verify.html", errors=errors, form=form, asked=True, statement=None)


def _verified(
    statement: Statement | None, code: str | None, text: str = ""
) -> tuple[str, int] | str:
    """What a receipt says, which names nobody; or that it is none of ours."""
    matches = digest_of(text) == statement.digest if statement and text.strip() else None
    facts = {"errors": {}, "asked": False, "statement": statement, "code": code}
    told = page("verify.html", **facts, matches=matches, text=text)
    return told if statement else (told, 422)


def _qr(address: str) -> Markup:
    """The address as a drawing; dark on white in any colour scheme, or a camera sees nothing.

    Every mask can be read; to draw all eight and choose the evenest takes five times as long.
    """
    drawn = segno.make(address, error="m", micro=False, mask=_MASK)
    svg = drawn.svg_inline(scale=4, border=3, light="#fff", omitsize=True)
    return Markup(svg)  # noqa: S704  # drawn by us from an address of ours


def _settled(message_id: int) -> str | None:
    """The number of a message that had none when its receipt was written."""
    earlier = Receipt(message_id, duplicate=True)
    return house().pipeline.settle_now(earlier).number
