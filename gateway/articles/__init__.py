"""What people ask, with the answers: found, searched, and begun with those that ship."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway.markdown import to_html
from gateway.models import Article
from gateway.store import Store
from normalizer.text import fold

_SHIPPED = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and its answer in Markdown. ``slug`` is the same in every language."""

    slug: str
    language: str
    title: str
    text: str
    updated_at: datetime

    @property
    def html(self) -> str:
        """The answer as HTML."""
        return to_html(self.text)


class Articles:
    """The published ones; staff write them at the desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, now: datetime) -> None:
        """Put in what ships, the first time only: what staff took out stays out."""
        with self._store.read() as session:
            if session.scalar(select(func.count()).select_from(Article)):
                return
        rows = [{**row, "published": True, "updated_at": now} for row in shipped()]
        if not rows:
            return
        with self._store.write() as session:
            session.execute(
                self._store.insert(Article)
                .values(rows)
                .on_conflict_do_nothing(index_elements=["slug", "language"])
            )

    def search(self, language: str, words: str = "") -> list[Answer]:
        """The articles of a language in their order, or those that hold every word."""
        with self._store.read() as session:
            rows = session.scalars(
                select(Article)
                .where(Article.language == language, Article.published)
                .order_by(Article.position, Article.id)
            )
            found = [_answer(row) for row in rows]
        wanted = fold(words).split()
        return [one for one in found if _holds(one, wanted)]

    def get(self, slug: str, language: str) -> Answer | None:
        """One published article."""
        with self._store.read() as session:
            row = session.scalar(
                select(Article).where(
                    Article.slug == slug, Article.language == language, Article.published
                )
            )
            return _answer(row) if row else None


def shipped() -> Iterator[dict[str, Any]]:
    """The articles that come along: ``<language>/<position>-<slug>.md``, the title first."""
    for file in sorted(_SHIPPED.glob("*/*.md")):
        position, _, slug = file.stem.partition("-")
        title, _, text = file.read_text(encoding="utf-8").partition("\n")
        yield {
            "slug": slug,
            "language": file.parent.name,
            "title": title.removeprefix("# ").strip(),
            "text": text.strip(),
            "position": int(position),
        }


def _answer(row: Article) -> Answer:
    return Answer(row.slug, row.language, row.title, row.text, row.updated_at)


def _holds(answer: Answer, words: list[str]) -> bool:
    text = fold(f"{answer.title} {answer.text}")
    return all(word in text for word in words)
