"""What the forms of a case's page ask for, each as one act with the right that it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import request

from channels.base import Attachment
from gateway.cases import By, CaseError, CaseView
from gateway.messages import LANGUAGES
from gateway.web.current import house
from gateway.web.desk.current import may, me
from normalizer import tracking
from normalizer.language import detect

KINDS = ("complaint", "suggestion", "remark", "question")
#: What a reply makes of its case; ``say`` leaves it where it is.
_STATUS = {"ask": "awaiting_citizen", "answer": "answered", "close": "closed"}
#: Who reads one of these reads the others too; whoever writes Darija in Latin letters went to a
#: school that taught French.
_READS: Mapping[str, frozenset[str]] = {
    "ar": frozenset({"ar", "ary-Arab"}),
    "ary-Arab": frozenset({"ar", "ary-Arab"}),
    "ary-Latn": frozenset({"ary-Latn", "ar", "ary-Arab", "fr"}),
    "zgh-Tfng": frozenset({"zgh-Tfng", "zgh-Latn"}),
    "zgh-Latn": frozenset({"zgh-Latn", "zgh-Tfng"}),
}
#: Below this the detector may be wrong, and a warning without reason is soon not read any more.
_SURE = 0.7


class OtherLanguage(Exception):
    """The words are in a language that the citizen did not write."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Act:
    """One act: the right it needs, and how it is done."""

    needs: str
    do: Callable[[CaseView, By], CaseView]


def written_in(words: str, language: str) -> str | None:
    """The language of some words, if it is one that this citizen may not read."""
    heard = detect(words)
    reads = _READS.get(language, frozenset({language}))
    is_other = heard.tag in LANGUAGES and heard.tag not in reads
    return heard.tag if is_other and heard.confidence >= _SURE else None


def _words(case: CaseView) -> str:
    """What the citizen will read, unless it is in another language and nobody meant that."""
    words = request.form.get("message", "")
    other = written_in(words, case.language)
    if other and not request.form.get("any_language"):
        raise OtherLanguage(other)
    return words


def _reply(case: CaseView, by: By) -> CaseView:
    what, words, files = request.form.get("what", ""), _words(case), _files()
    if what == "say":
        return house().cases.say(case.number, words, by, files)
    if what not in _STATUS or (what == "close" and not may("close", case)):
        raise CaseError("say what the reply is")
    return house().cases.change(
        case.number,
        status=_STATUS[what],
        message=words,
        actor=by,
        attachments=files,
    )


def _transfer(case: CaseView, by: By) -> CaseView:
    slug, reason = request.form.get("administration", ""), request.form.get("message", "")
    if slug == "triage":
        return house().cases.send_back(case.number, reason, by)
    return _status(case, by, "routed", reason, administration=slug)


def _refuse(case: CaseView, by: By) -> CaseView:
    return _status(
        case, by, "inadmissible", _words(case), ground=request.form.get("ground") or None
    )


def _reopen(case: CaseView, by: By) -> CaseView:
    return _status(case, by, "reopened", _words(case))


def _begin(case: CaseView, by: By) -> CaseView:
    return _status(case, by, "in_progress", "")


def _status(
    case: CaseView,
    by: By,
    status: str,
    message: str,
    *,
    administration: str | None = None,
    ground: str | None = None,
) -> CaseView:
    return house().cases.change(
        case.number,
        status=status,
        message=message,
        administration=administration,
        ground=ground,
        actor=by,
    )


def _extend(case: CaseView, by: By) -> CaseView:
    try:
        day = date.fromisoformat(request.form.get("until", ""))
    except ValueError:
        raise CaseError("say until when", "date") from None
    until = datetime.combine(day, time(12), house().settings.zone)
    return house().cases.extend(case.number, until, _words(case), by)


def _merge(case: CaseView, by: By) -> CaseView:
    number = tracking.parse(request.form.get("into", ""))
    into = house().cases.view(number) if number else None
    # What one does not see one cannot join anything to, nor learn that it is there.
    if into is None or not may("read", into):
        raise CaseError("that is no case's number", "unknown")
    return house().cases.merge(case.number, into.number, by)


def _assign(case: CaseView, by: By) -> CaseView:
    said = request.form.get("user", "")
    user_id = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
    return house().cases.assign(case.number, user_id, by)


def _take(case: CaseView, by: By) -> CaseView:
    return house().cases.assign(case.number, me().id, by)


def _leave(case: CaseView, by: By) -> CaseView:
    return house().cases.assign(case.number, None, by)


def _sort(case: CaseView, by: By) -> CaseView:
    kind, language = request.form.get("kind"), request.form.get("language")
    return house().cases.sort(
        case.number, by, kind=kind, language=language if language in LANGUAGES else None
    )


def _note(case: CaseView, by: By) -> CaseView:
    return house().cases.note(case.number, request.form.get("message", ""), by)


def _accept(case: CaseView, by: By) -> CaseView:
    return house().cases.accept(case.number, by)


def _files() -> list[Attachment]:
    return [
        Attachment(sent.filename, sent.mimetype, sent.read())
        for sent in request.files.getlist("files")
        if sent.filename
    ]


ACTS: Mapping[str, Act] = {
    "reply": Act("reply", _reply),
    "note": Act("note", _note),
    "accept": Act("accept", _accept),
    "begin": Act("reply", _begin),
    "take": Act("take", _take),
    "leave": Act("take", _leave),
    "assign": Act("assign", _assign),
    "transfer": Act("transfer", _transfer),
    "extend": Act("extend", _extend),
    "refuse": Act("refuse", _refuse),
    "merge": Act("merge", _merge),
    "reopen": Act("reopen", _reopen),
    "sort": Act("reply", _sort),
}
