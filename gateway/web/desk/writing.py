"""Writing reply templates, and questions with their answers."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.editing import ArticleText, TemplateText, Unfit
from gateway.markdown import to_html
from gateway.messages import LANGUAGES
from gateway.web.current import house
from gateway.web.desk.current import me, need
from gateway.web.desk.render import named, page
from gateway.web.pages.tongues import TONGUES
from gateway.web.pages.tongues import gettext as _

#: The languages in which citizens read questions and answers.
_READ = tuple(tongue.tag for tongue in TONGUES.values())


def templates() -> ResponseReturnValue:
    """The replies that were written beforehand."""
    need("templates")
    return page("templates.html", texts=house().editing.templates(me()))


def template(key: int | None = None) -> ResponseReturnValue:
    """One of them, to be written."""
    need("templates")
    text = TemplateText(me().administration, me().language, "", "")
    if key is not None:
        found = house().editing.templates(me()).get(key)
        if found is None or me().administration not in (None, found.administration):
            abort(404)
        text = found
    return _template_page(key, text)


def keep_template(key: int | None = None) -> ResponseReturnValue:
    """Keep it, or take it away."""
    need("templates")
    editing = house().editing
    text = TemplateText(
        me().administration or request.form.get("administration") or None,
        _one_of(LANGUAGES),
        request.form.get("title", "").strip(),
        _lines(request.form.get("text", "")),
    )
    if text.administration and house().directory.get(text.administration) is None:
        abort(400)
    try:
        if key is not None and "drop" in request.form:
            editing.drop_template(me(), key)
        else:
            editing.keep_template(me(), key, text)
    except KeyError:
        abort(404)
    except Unfit as unfit:
        return _template_page(key, text, unfit.field), 422
    flash(_("Done."))
    return redirect(url_for("desk.templates"), code=303)


def articles() -> ResponseReturnValue:
    """The questions that people ask."""
    need("articles")
    return page("articles.html", texts=house().editing.articles())


def article(key: int | None = None) -> ResponseReturnValue:
    """One of them, to be written."""
    need("articles")
    text = ArticleText("", me().language, "", "", 100, True)
    if key is not None:
        found = house().editing.articles().get(key)
        if found is None:
            abort(404)
        text = found
    return _article_page(key, text)


def keep_article(key: int | None = None) -> ResponseReturnValue:
    """Keep it, look at it first, or take it away."""
    need("articles")
    editing, form = house().editing, request.form
    position = form.get("position", "")
    text = ArticleText(
        form.get("slug", "").strip(),
        _one_of(_READ),
        form.get("title", "").strip(),
        _lines(form.get("text", "")),
        int(position) if position.isascii() and position.isdigit() and len(position) < 5 else 100,
        "published" in form,
    )
    if "look" in form:
        return _article_page(key, text, looked=True)
    try:
        if key is not None and "drop" in form:
            editing.drop_article(me(), key)
        else:
            editing.keep_article(me(), key, text, clock.now())
    except KeyError:
        abort(404)
    except Unfit as unfit:
        return _article_page(key, text, unfit.field), 422
    flash(_("Done."))
    return redirect(url_for("desk.articles"), code=303)


def _template_page(key: int | None, text: TemplateText, problem: str = "") -> str:
    return page(
        "template.html",
        key=key,
        text=text,
        problem=problem,
        tags=LANGUAGES,
        administrations={} if me().administration else named("administrations"),
    )


def _article_page(
    key: int | None, text: ArticleText, problem: str = "", *, looked: bool = False
) -> str:
    html = to_html(text.text) if looked else None
    return page("article.html", key=key, text=text, problem=problem, tags=_READ, html=html)


def _one_of(tags: tuple[str, ...]) -> str:
    tag = request.form.get("language", "")
    if tag not in tags:
        abort(400)
    return tag


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
