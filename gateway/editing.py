"""What the staff write beforehand: replies, and answers to questions that people ask."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gateway import audit
from gateway.models import Article, Template
from gateway.roles import StaffView
from gateway.store import Store

LONGEST_TITLE, LONGEST_TEXT = 200, 20_000
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SLUG_LENGTH = 80


class Unfit(Exception):
    """It cannot be kept; ``field`` names what is wrong with it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A reply written beforehand. ``administration``: whose; None: everybody's."""

    administration: str | None
    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ArticleText:
    """A question and its answer in Markdown."""

    slug: str
    language: str
    title: str
    text: str
    position: int
    published: bool


@dataclass(frozen=True, slots=True)
class Editing:
    """Templates and articles, for those who write them."""

    store: Store

    def templates(self, who: StaffView, language: str | None = None) -> dict[int, TemplateText]:
        """The replies that somebody can use, theirs and everybody's, by id; those in a language."""
        wanted = select(Template).order_by(Template.language, Template.title, Template.id)
        if who.administration is not None:
            own = Template.administration == who.administration
            wanted = wanted.where(or_(own, Template.administration.is_(None)))
        if language is not None:
            wanted = wanted.where(Template.language == language)
        with self.store.read() as session:
            return {row.id: _template(row) for row in session.scalars(wanted)}

    def keep_template(self, who: StaffView, key: int | None, text: TemplateText) -> None:
        """Write a template, or write it anew. Raises Unfit, and KeyError for one that is not theirs
        to change."""
        _check(text.title, text.text)
        if who.administration not in (None, text.administration):
            raise KeyError(text.administration)
        with self.store.write() as session:
            row = Template() if key is None else _own_template(session, who, key)
            for name, value in asdict(text).items():
                setattr(row, name, value)
            session.add(row)
            session.flush()
            audit.note(session, who, "template kept", None, template=row.id)

    def drop_template(self, who: StaffView, key: int) -> None:
        """Take a template away. Raises KeyError."""
        with self.store.write() as session:
            session.delete(_own_template(session, who, key))
            audit.note(session, who, "template dropped", None, template=key)

    def articles(self) -> dict[int, ArticleText]:
        """All articles by id, in their order."""
        wanted = select(Article).order_by(Article.language, Article.position, Article.id)
        with self.store.read() as session:
            return {row.id: _article(row) for row in session.scalars(wanted)}

    def keep_article(
        self, who: StaffView, key: int | None, text: ArticleText, now: datetime
    ) -> None:
        """Write an article, or write it anew. Raises Unfit, and KeyError for one there is not."""
        _check(text.title, text.text)
        if not _SLUG.fullmatch(text.slug) or len(text.slug) > _SLUG_LENGTH:
            raise Unfit("slug")
        try:
            with self.store.write() as session:
                row = Article() if key is None else session.get(Article, key)
                if row is None:
                    raise KeyError(key)
                for name, value in asdict(text).items():
                    setattr(row, name, value)
                row.updated_at = now
                session.add(row)
                session.flush()
                audit.note(session, who, "article kept", None, article=row.id)
        except IntegrityError:
            raise Unfit("slug") from None

    def drop_article(self, who: StaffView, key: int) -> None:
        """Take an article away. Raises KeyError."""
        with self.store.write() as session:
            row = session.get(Article, key)
            if row is None:
                raise KeyError(key)
            session.delete(row)
            audit.note(session, who, "article dropped", None, article=key)


def _own_template(session: Session, who: StaffView, key: int) -> Template:
    row = session.get(Template, key)
    if row is None or who.administration not in (None, row.administration):
        raise KeyError(key)
    return row


def _check(title: str, text: str) -> None:
    if not 0 < len(title) <= LONGEST_TITLE:
        raise Unfit("title")
    if not 0 < len(text) <= LONGEST_TEXT:
        raise Unfit("text")


def _template(row: Template) -> TemplateText:
    return TemplateText(row.administration, row.language, row.title, row.text)


def _article(row: Article) -> ArticleText:
    return ArticleText(row.slug, row.language, row.title, row.text, row.position, row.published)
