"""Why a message was decided as it was: codes that are kept, and told in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from routing.directory import Directory

Key = Literal[
    "words", "resembles", "unsure", "nobody", "private", "court", "earlier", "advert", "to_us",
    "chosen", "which_city", "last_city",
]  # fmt: skip
KEYS: tuple[Key, ...] = get_args(Key)

#: What each says, by the reader's language. ``{about}`` is the name of an administration or a
#: city, ``{words}`` what the citizen wrote.
_SENTENCES: Mapping[str, Mapping[Key, str]] = {
    "en": {
        "words": "{words} → {about}.",
        "resembles": "The wording resembles matters of: {about}.",
        "unsure": "It is not sure enough to route without a person.",
        "nobody": "It looks like no administration's matter.",
        "private": "Proposed as inadmissible: it looks like a quarrel between private persons.",
        "court": "Proposed as inadmissible: it asks to step into what a court decides.",
        "earlier": "It looks like an enquiry about an earlier message.",
        "advert": "It looks like an advert.",
        "to_us": "It is a word to the service, not a matter.",
        "chosen": "The citizen chose it.",
        "which_city": "It is a commune's matter, but of which city is not known.",
        "last_city": "No city is named; the citizen's last case was in {about}.",
    },
    "fr": {
        "words": "{words} → {about}.",
        "resembles": "La formulation ressemble aux affaires de : {about}.",
        "unsure": "Ce n'est pas assez sûr pour orienter sans l'avis d'une personne.",
        "nobody": "Cela ne semble relever d'aucune administration.",
        "private": "Irrecevabilité proposée : cela ressemble à un litige entre particuliers.",
        "court": "Irrecevabilité proposée : on demande d'intervenir dans une affaire de justice.",
        "earlier": "Cela ressemble à une question sur un message antérieur.",
        "advert": "Cela ressemble à une publicité.",
        "to_us": "C'est un mot adressé au service, pas une affaire.",
        "chosen": "C'est le choix du citoyen.",
        "which_city": "Cela relève d'une commune, mais on ne sait pas de quelle ville.",
        "last_city": "Aucune ville n'est nommée ; la dernière affaire du citoyen était à {about}.",
    },
    "ar": {
        "words": "{words} ← {about}.",
        "resembles": "الصياغة تشبه القضايا التابعة لـ: {about}.",
        "unsure": "درجة اليقين غير كافية للتوجيه دون رأي موظف.",
        "nobody": "لا يبدو أن الأمر من اختصاص أي إدارة.",
        "private": "مقترح عدم القبول: يبدو أنه نزاع بين خواص.",
        "court": "مقترح عدم القبول: يطلب التدخل في أمر معروض على القضاء.",
        "earlier": "يبدو أنه استفسار عن رسالة سابقة.",
        "advert": "يبدو أنه إعلان تجاري.",
        "to_us": "كلام موجه إلى المصلحة وليس موضوع شكاية.",
        "chosen": "هذا اختيار المواطن.",
        "which_city": "الأمر من اختصاص جماعة، لكن المدينة غير معروفة.",
        "last_city": "لم تُذكر أي مدينة؛ آخر ملف للمواطن كان في {about}.",
    },
}
_QUOTES: Mapping[str, tuple[str, str, str]] = {
    "en": ("“", "”", ", "),
    "fr": ("« ", " »", ", "),
    "ar": ("«", "»", "، "),
}
_SPOKEN_AS: Mapping[str, str] = {"ary-Arab": "ar", "zgh-Tfng": "ar", "ary-Latn": "fr"}


@dataclass(frozen=True, slots=True)
class Reason:
    """A key, the slug of whom or where it is about, and the citizen's words that tell it."""

    key: Key
    about: str = ""
    words: tuple[str, ...] = ()

    def code(self) -> str:
        """The form it is kept in: ``words health: scanner | rendez-vous``."""
        head = f"{self.key} {self.about}".rstrip()
        return f"{head}: {' | '.join(self.words)}" if self.words else head


def read(code: str) -> Reason | None:
    """The reason of that code; None for any other text."""
    head, _, words = code.partition(": ")
    name, _, about = head.partition(" ")
    for key in KEYS:
        if key == name and " " not in about:
            return Reason(key, about, tuple(words.split(" | ")) if words else ())
    return None


def told(code: str, directory: Directory, language: str = "en") -> str:
    """The sentence for a code of ``Route.reasons``, in the reader's language; other text as it is.

    Arabic, French and English; whoever reads another language is told in the nearest of them.
    """
    reason = read(code)
    if reason is None:
        return code
    tongue = language if language in _SENTENCES else _SPOKEN_AS.get(language, "en")
    opened, closed, comma = _QUOTES[tongue]
    return _SENTENCES[tongue][reason.key].format(
        about=_name(reason.about, directory, tongue),
        words=comma.join(f"{opened}{word}{closed}" for word in reason.words),
    )


def _name(slug: str, directory: Directory, language: str) -> str:
    if administration := directory.get(slug):
        return administration.label(language)
    for city in directory.cities:
        if city.slug == slug:
            return city.label(language)
    return slug
