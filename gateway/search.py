"""Finding cases by words, in Arabic or Latin letters: an index that no change of a case forgets.

What a case says is folded into bare words (``normalizer.text.fold``) before the database sees it,
so that both databases find the same: SQLite by FTS5, PostgreSQL by a tsvector whose lexemes are
those words, past any parser or dictionary of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, column, event, select, table, text
from sqlalchemy.orm import Session, UOWTransaction

from gateway.models import AddressRow, BigId, Case, CaseAddress, Event, Message
from normalizer.contact import canonical
from normalizer.text import fold
from normalizer.tracking import parse

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^>]*>")
#: The Arabic article, with what is written in one with it: "the", "and the", "in the", "to the".
_ARTICLE = re.compile(r"^[وف]?(?:[بك]?ال|لل)(?=\w{3})")
#: What is longer is no word; PostgreSQL takes lexemes up to 2 KB and vectors up to 1 MB.
_WORD_LENGTH = 40
_WORDS = 10_000
#: A question of more words than this is a text.
_ASKED = 12
_CHANGED = "cases to index"

_SQLITE = table("case_words", column("rowid"), column("words"))
_POSTGRES = table("case_words", column("case_id"), column("words"))


def in_the_models(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic finds something in the models: not our index, which each database keeps in
    a form of its own."""
    return kind != "table" or not (name or "").startswith("case_words")


def words_of(*texts: str | None) -> list[str]:
    """The different words of some texts, folded, in order of appearance."""
    found = dict.fromkeys(
        _ARTICLE.sub("", word)[:_WORD_LENGTH]
        for said in texts
        if said
        for word in _WORD.findall(fold(said))
    )
    return list(found)[:_WORDS]


def cases_about(said: str, region: str, *, sqlite: bool) -> Select[int] | None:
    """The ids of the cases that what was typed into the search box means: a case's number, the
    beginnings of words of it, or the phone or mailbox it was filed from.

    None when nothing was typed that could be looked for.
    """
    if number := parse(said):
        return select(Case.id).where(Case.number == number)
    by_words = _with_words([_singular(word) for word in words_of(said)[:_ASKED]], sqlite=sqlite)
    address = canonical("mail" if "@" in said else "tel", said, region)
    if address is None or address.kind == "other":
        return by_words
    by_address = (
        select(CaseAddress.case_id)
        .join(AddressRow, AddressRow.id == CaseAddress.address_id)
        .where(AddressRow.kind == address.kind, AddressRow.value == address.value)
    )
    if by_words is None:
        return by_address
    return select(by_address.union(by_words).subquery().c.case_id)


def _singular(word: str) -> str:
    """A word as its beginning is looked for: without the plural's s or x, where that is likely."""
    return word[:-1] if len(word) > 4 and word[-1] in "sx" else word


def _with_words(words: Sequence[str], *, sqlite: bool) -> Select[int] | None:
    if not words:
        return None
    # Words are letters and digits only, so that nothing in them can mean something to a query.
    if sqlite:
        asked = " AND ".join(f'"{word}"*' for word in words)
        found = text("SELECT rowid AS case_id FROM case_words WHERE case_words MATCH :asked")
    else:
        asked = " & ".join(f"'{word}':*" for word in words)
        found = text("SELECT case_id FROM case_words WHERE words @@ CAST(:asked AS tsquery)")
    rows = found.bindparams(asked=asked).columns(column("case_id", BigId)).subquery()
    return select(rows.c.case_id)


def index(session: Session, case_ids: Iterable[int]) -> None:
    """Write down anew what these cases can be found by."""
    wanted = list(case_ids)
    texts: dict[int, list[str | None]] = {
        case_id: [number, subject, said]
        for case_id, number, subject, said in session.execute(
            select(Case.id, Case.number, Case.subject, Case.text).where(Case.id.in_(wanted))
        )
    }
    for case_id, subject, said, hints in session.execute(
        select(Message.case_id, Message.subject, Message.text, Message.hints).where(
            Message.case_id.in_(wanted)
        )
    ):
        plain = _TAG.sub(" ", said) if hints.get("text_format") == "html" else said
        texts[case_id] += [subject, plain]
    if texts:
        _write(session, {case_id: words_of(*said) for case_id, said in texts.items()})


def catch_up(session: Session, limit: int = 500) -> int:
    """Index cases that are older than the index; how many they were."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    known = select(_SQLITE.c.rowid if sqlite else _POSTGRES.c.case_id)
    missing = session.scalars(select(Case.id).where(Case.id.not_in(known)).limit(limit)).all()
    index(session, missing)
    return len(missing)


def _write(session: Session, words: dict[int, list[str]]) -> None:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        statement = "INSERT OR REPLACE INTO case_words (rowid, words) VALUES (:id, :words)"
        rows = [{"id": case_id, "words": " ".join(found)} for case_id, found in words.items()]
        connection.execute(text(statement), rows)
    else:
        # All in one statement: a server is a round trip away.
        statement = (
            "INSERT INTO case_words (case_id, words) "
            "SELECT id, CAST(words AS tsvector) "
            "FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS found (id, words) "
            "ON CONFLICT (case_id) DO UPDATE SET words = excluded.words"
        )
        quoted = [" ".join(f"'{word}'" for word in found) for found in words.values()]
        connection.execute(text(statement), {"ids": list(words), "words": quoted})


class IndexingSession(Session):
    """A session that indexes every case that something happens to, before it commits."""


@event.listens_for(IndexingSession, "after_flush")
def _notice(session: Session, _context: UOWTransaction) -> None:
    """Remember the cases of this transaction to which something happened. Whatever happens to a
    case is written into its history, so no change goes by unseen."""
    changed: set[Any] = session.info.setdefault(_CHANGED, set())
    for row in session.new:
        if isinstance(row, Event):
            changed.add(row.case_id)
        elif isinstance(row, Case):
            changed.add(row.id)


@event.listens_for(IndexingSession, "before_commit")
def _index_changed(session: Session) -> None:
    """Index them in the same transaction, when every row of it is there."""
    session.flush()
    if changed := session.info.pop(_CHANGED, None):
        index(session, sorted(changed))
