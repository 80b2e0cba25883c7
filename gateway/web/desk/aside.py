"""Messages that were set aside, and those taken for spam, as a page."""

from __future__ import annotations

from io import BytesIO

from flask import Response, abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.web.current import house
from gateway.web.desk.current import me, need
from gateway.web.desk.render import page
from gateway.web.pages.tongues import ngettext

#: A payload may be anything, a page with scripts too: nothing in it may run here.
_HARMLESS = "default-src 'none'; sandbox"


def show() -> ResponseReturnValue:
    """What waits, and why."""
    need("shunted")
    shunted = house().shunted
    return page("aside.html", shunted=shunted.look("shunted"), spam=shunted.look("spam"))


def raw(message_id: int) -> Response:
    """A message as its channel carried it, to be kept and looked at elsewhere."""
    need("shunted")
    found = house().shunted.raw(message_id, me())
    if found is None:
        abort(404)
    channel, content = found
    ending = "eml" if channel == "email" else "bin"
    response = send_file(
        BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=f"message-{message_id}.{ending}",
    )
    response.headers["Content-Security-Policy"] = _HARMLESS
    return response


def retry() -> ResponseReturnValue:
    """Process some of them again."""
    need("shunted")
    ids = [int(one) for one in request.form.getlist("id") if one.isdecimal() and len(one) < 19]
    count = house().shunted.retry(ids, me(), clock.now())
    flash(
        ngettext(
            "%(count)s message will be processed again.",
            "%(count)s messages will be processed again.",
            count,
        )
        % {"count": count}
    )
    return redirect(url_for("desk.shunted"), code=303)
