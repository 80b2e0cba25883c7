"""Where one-time links lead: a page that shows nothing and uses nothing until a button is pressed.

Mail scanners and chats' previews follow links; they press no buttons.
"""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.links import Purpose, open_link
from gateway.messages import speak
from gateway.models import Case
from gateway.web.current import house
from gateway.web.pages import links, own
from gateway.web.pages.draft import Draft
from gateway.web.pages.errors import gone
from gateway.web.pages.render import page
from gateway.web.pages.tongues import wanted

#: In which language of the pages a case's citizen is met.
_MET_IN = {
    "ar": "ar",
    "ary-Arab": "ar",
    "ary-Latn": "fr",
    "zgh-Tfng": "zgh",
    "zgh-Latn": "zgh",
    "fr": "fr",
    "en": "en",
    "es": "en",
}


def arrive(token: str) -> ResponseReturnValue:
    """Go on to the link's page in the language of its case."""
    found = _case_of(token)
    code = _MET_IN[speak(found.language)] if found else wanted().code
    return redirect(url_for("pages.link", lang=code, token=token))


def link(token: str) -> ResponseReturnValue:
    """What the link does, and the button that does it."""
    now = clock.now()
    with house().store.read() as session:
        if open_link(session, token, "case", now, use=False):
            return page("link.html", token=token)
        if open_link(session, token, "upload", now, use=False):
            return _form(token)
    return gone()


def use(token: str) -> ResponseReturnValue:
    """Exchange the link for a visit to its case."""
    now = clock.now()
    with house().store.write() as session:
        used = open_link(session, token, "case", now)
        case = session.get(Case, used.case_id) if used and used.case_id else None
    if case is None:
        return gone()
    visit = links.case_token(case.number, links.VISIT, now)
    return redirect(url_for("pages.case", token=visit), code=303)


def upload(token: str) -> ResponseReturnValue:
    """Take the file that was too large for its channel. Only then is the link used."""
    now, draft = clock.now(), Draft.read(request)
    with house().store.read() as session:
        found = open_link(session, token, "upload", now, use=False)
        case = session.get(Case, found.case_id) if found and found.case_id else None
    if case is None:
        return gone()
    problem = draft.errors(house().settings.region).get("files") if draft.files else "missing"
    if problem:
        return _form(token, {"files": problem}), 422
    own.take_in(case.number, draft)
    with house().store.write() as session:
        open_link(session, token, "upload", now)
    return redirect(url_for("pages.uploaded"), code=303)


def again(token: str) -> ResponseReturnValue:
    """Back to the form."""
    return redirect(url_for("pages.link", token=token))


def uploaded() -> ResponseReturnValue:
    """The file is with the case."""
    return page("uploaded.html")


def _form(token: str, errors: dict[str, str] | None = None) -> str:
    return page(
        "upload.html",
        token=token,
        errors=errors or {},
        submission=Draft.blank()["submission"],
        megabytes=house().settings.large_upload_mb,
    )


def _case_of(token: str) -> Case | None:
    now = clock.now()
    purposes: tuple[Purpose, ...] = ("case", "upload")
    with house().store.read() as session:
        for purpose in purposes:
            found = open_link(session, token, purpose, now, use=False)
            if found and found.case_id:
                return session.get(Case, found.case_id)
    return None
