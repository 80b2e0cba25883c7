"""Questions and answers: all of them, those that hold some words, and one by itself."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway.web.current import house
from gateway.web.pages.render import page
from gateway.web.pages.tongues import TONGUES, tongue

_LONGEST_QUERY = 200


def show() -> ResponseReturnValue:
    """Every question of this language, or those that were searched for."""
    query = request.args.get("q", "").strip()[:_LONGEST_QUERY]
    found = house().articles.search(tongue().tag, query)
    return page("questions.html", query=query, articles=found)


def answer(slug: str) -> ResponseReturnValue:
    """One question with its answer, at an address that can be passed on."""
    here = house()
    found = here.articles.get(slug, tongue().tag)
    if found is None:
        if any(here.articles.get(slug, other.tag) for other in TONGUES.values()):
            return redirect(url_for("pages.questions"))
        abort(404)
    others = [one for one in here.articles.search(tongue().tag) if one.slug != slug]
    return page("question.html", article=found, others=others)
