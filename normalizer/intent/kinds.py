"""Whether a text is a complaint, a suggestion, a remark or a question, by its wording."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from normalizer.text import fold

Kind = Literal["complaint", "suggestion", "remark", "question"]

KINDS: tuple[Kind, ...] = ("complaint", "suggestion", "remark", "question")

_QUESTION = re.compile(
    r"^\s*(?:comment|quand|ou|quel(?:le)?s?|est ce que|pourquoi|combien|how|when|where|what|which|"
    r"can i|do i|is it|como|cuando|donde|cual|kifach|fin|imta|chhal|wach|"
    r"كيف|متي|اين|هل|كم|ما هي|ما هو|كيفاش|فين|امتا|شحال|واش)\b.*[?؟]\s*$",
    re.DOTALL,
)
_SUGGESTION = re.compile(
    r"\b(?:je (?:propose|suggere)|suggestion|proposition|ce serait bien|il serait (?:utile|bien)|"
    r"i (?:suggest|propose)|it would be (?:good|nice)|sugiero|propongo|sugerencia|"
    r"kanqtar7|kan9tar7|n9tar7|iqtira7|i9tira7)\b"
    r"|(?:اقترح|اقتراح|نقترح|كنقترح|من الافضل|حبذا)"
)
_REMARK = re.compile(
    r"\b(?:je (?:signale|remarque)|remarque|merci (?:a|pour|aux)|felicitations|bravo|"
    r"i (?:noticed|want to thank)|thank you|observacion|gracias)\b"
    r"|(?:ملاحظه|شكرا (?:ل|علي)|اشكر|نشكر|تنويه)"
)


def kind_named(name: str | None) -> Kind | None:
    """The kind of that name, if it is one."""
    return next((kind for kind in KINDS if kind == name), None)


def kind_of(text: str, told: str | None = None) -> Kind:
    """Complaint, suggestion, remark or question: as the citizen said, or else by its wording."""
    if chosen := kind_named(told):
        return chosen
    return _worded(fold(text))


# Asked once to understand a message, and once more by what routes it.
@lru_cache(maxsize=128)
def _worded(folded: str) -> Kind:
    if _SUGGESTION.search(folded):
        return "suggestion"
    if _QUESTION.search(folded):
        return "question"
    if _REMARK.search(folded):
        return "remark"
    return "complaint"
