"""Finding cases by words, in Arabic or Latin letters: an index that no change of a case forgets.

What a case says is folded into bare words (``normalizer.text.fold``) before the database sees it,
so that both databases find the same: SQLite by FTS5, PostgreSQL by a tsvector whose lexemes are
those words, past any parser or dictionary of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    any_,
    cast,
    column,
    event,
    false,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, UOWTransaction

from gateway.dialects import is_sqlite
from gateway.models import AddressRow, BigId, Case, CaseAddress, Event, Message
from normalizer.contact import canonical
from normalizer.memo import Memo
from normalizer.text import WORDS
from normalizer.tracking import parse

_TAG = re.compile(r"<[^>]*>")
#: The Arabic article, with what is written in one with it: "the", "and the", "in the", "to the".
_ARTICLE = re.compile(r"^[وف]?(?:[بك]?ال|لل)(?=\w{3})")
#: What is longer is no word; PostgreSQL takes lexemes up to 2 KB and vectors up to 1 MB.
_WORD_LENGTH = 40
_WORDS = 10_000
#: A question of more words than this is a text.
_ASKED = 12
#: So many cases a search names one by one.
FEW = 5_000
#: Words are common that more than one in so many hold of so many cases.
_SAMPLE, _COMMON_ONE_IN = 200, 40
_CHANGED = "cases to index"

Condition = ColumnElement[bool]

_SQLITE = table("case_words", column("rowid", BigId), column("words"))
_POSTGRES = table("case_words", column("case_id", BigId), column("words"))
_WRITE_SQLITE = text("INSERT OR REPLACE INTO case_words (rowid, words) VALUES (:id, :words)")
_WRITE_POSTGRES = text(
    "INSERT INTO case_words (case_id, words) "
    "SELECT id, CAST(words AS tsvector) "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS found (id, words) "
    "ON CONFLICT (case_id) DO UPDATE SET words = excluded.words"
)


def in_the_models(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic finds something in the models: not our index, which each database keeps in
    a form of its own."""
    return kind != "table" or not (name or "").startswith("case_words")


def words_of(*texts: str | None) -> list[str]:
    """The different words of some texts, folded, in order of appearance."""
    parts = dict.fromkeys(part for said in texts if said for part in said.split())
    return list(dict.fromkeys(chain.from_iterable(_indexed.each(parts))))[:_WORDS]


@Memo
def _indexed(part: str) -> list[str]:
    """The words between two blanks, as the index has them."""
    return [_ARTICLE.sub("", word)[:_WORD_LENGTH] for word in WORDS[part]]


def few(session: Session, said: str, region: str) -> Sequence[int] | None:
    """The ids of all cases that what was typed into the search box means: a case's number, the
    beginnings of words of it, or the phone or mailbox it was filed from.

    None when they are more than FEW, or when the words are common: those are looked for along a
    list, by ``means``, so that what a search costs does not grow with the cases.
    """
    if number := parse(said):
        return session.scalars(select(Case.id).where(Case.number == number)).all()
    words, address = _asked(said), _filed_from(said, region)
    found: set[int] = set()
    if address is not None:
        found.update(session.scalars(address.limit(FEW + 1)))
    if words:
        if _is_common(session, words):
            return None
        found.update(session.scalars(_with_words(session, words).limit(FEW + 1)))
    return sorted(found) if len(found) <= FEW else None


def means(session: Session, said: str, region: str, case_id: ColumnElement[int]) -> Condition:
    """Whether what was typed means this case, for those that ``few`` does not name."""
    words, address = _asked(said), _filed_from(said, region)
    either: list[Condition] = [] if address is None else [case_id.in_(address)]
    if words and is_sqlite(session):
        either.append(case_id.in_(_with_words(session, words)))
    elif words:
        # Asked of one case after another. As a join, the planner would begin with all that match.
        asked = _POSTGRES.c.words.op("@@", return_type=Boolean())(_tsquery(words))
        either.append(select(asked).where(_POSTGRES.c.case_id == case_id).scalar_subquery())
    return or_(false(), *either)


def _asked(said: str) -> list[str]:
    return [_singular(word) for word in words_of(said)[:_ASKED]]


def _singular(word: str) -> str:
    """A word as its beginning is looked for: without the plural's s or x, where that is likely."""
    return word[:-1] if len(word) > 4 and word[-1] in "sx" else word


def _filed_from(said: str, region: str) -> Select[int] | None:
    address = canonical("mail" if "@" in said else "tel", said, region)
    if address is None or address.kind == "other":
        return None
    return (
        select(CaseAddress.case_id)
        .join(AddressRow, AddressRow.id == CaseAddress.address_id)
        .where(AddressRow.kind == address.kind, AddressRow.value == address.value)
    )


def _is_common(session: Session, words: Sequence[str]) -> bool:
    """Whether a good part of all cases hold these words, by a few from all their years.

    PostgreSQL gathers all cases with a word before it hands out the first one.
    """
    if is_sqlite(session):
        return False
    last = select(func.max(_POSTGRES.c.case_id)).scalar_subquery()
    step = func.greatest(last // _SAMPLE, 1)
    every = func.array(select(func.generate_series(1, last, step)).scalar_subquery())
    held = _with_words(session, words).where(_POSTGRES.c.case_id == any_(every)).subquery()
    found = session.scalar(select(func.count()).select_from(held)) or 0
    return found > _SAMPLE // _COMMON_ONE_IN


def _with_words(session: Session, words: Sequence[str]) -> Select[int]:
    # Words are letters and digits only, so that nothing in them can mean something to a query.
    if is_sqlite(session):
        asked = " AND ".join(f'"{word}"*' for word in words)
        return select(_SQLITE.c.rowid).where(
            text("case_words MATCH :asked").bindparams(asked=asked)
        )
    return select(_POSTGRES.c.case_id).where(
        _POSTGRES.c.words.op("@@", return_type=Boolean())(_tsquery(words))
    )


def _tsquery(words: Sequence[str]) -> ColumnElement[Any]:
    return cast(" & ".join(f"'{word}':*" for word in words), TSQUERY)


def index(session: Session, case_ids: Iterable[int]) -> None:
    """Write down anew what these cases can be found by."""
    wanted = list(case_ids)
    texts: dict[int, list[str | None]] = {
        case_id: [number, subject, said]
        for case_id, number, subject, said in session.execute(
            select(Case.id, Case.number, Case.subject, Case.text).where(Case.id.in_(wanted))
        )
    }
    for message in session.execute(
        select(Message.case_id, Message.subject, Message.text, Message.hints).where(
            Message.case_id.in_(wanted)
        )
    ):
        texts[message.case_id] += _said(message.subject, message.text, message.hints)
    if texts:
        _write(session, texts)


def index_new(session: Session, opened: Iterable[tuple[Case, Message]]) -> None:
    """The same for new cases, of which nothing was said but the message that opened each: what is
    at hand need not be asked for."""
    texts = {
        case.id: [case.number, case.subject, case.text, *_said(one.subject, one.text, one.hints)]
        for case, one in opened
    }
    _write(session, texts)
    # What happens to them from here on indexes them anew.
    session.info.get(_CHANGED, set()).difference_update(texts)


def _said(subject: str | None, said: str, hints: Mapping[str, str]) -> tuple[str | None, str]:
    """What of a message its case can be found by."""
    return subject, _TAG.sub(" ", said) if hints.get("text_format") == "html" else said


def catch_up(session: Session, limit: int = 500) -> int:
    """Index cases that are older than the index; how many they were."""
    known = select(_SQLITE.c.rowid if is_sqlite(session) else _POSTGRES.c.case_id)
    missing = session.scalars(select(Case.id).where(Case.id.not_in(known)).limit(limit)).all()
    index(session, missing)
    return len(missing)


def _write(session: Session, texts: Mapping[int, Sequence[str | None]]) -> None:
    words = {case_id: words_of(*said) for case_id, said in texts.items()}
    connection = session.connection()
    if is_sqlite(session):
        rows = [{"id": case_id, "words": " ".join(found)} for case_id, found in words.items()]
        connection.execute(_WRITE_SQLITE, rows)
    else:
        # All in one statement: a server is a round trip away.
        quoted = [" ".join(f"'{word}'" for word in found) for found in words.values()]
        connection.execute(_WRITE_POSTGRES, {"ids": list(words), "words": quoted})


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
