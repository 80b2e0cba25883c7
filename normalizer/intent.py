"""What the citizen wants by saying this, and whether it is a complaint, a question or else."""

from __future__ import annotations

import re
from typing import Literal

from normalizer.text import fold
from normalizer.tracking import find

#: ``spam`` is never a wish read here: routing finds it, by what a message says as a whole.
Intent = Literal[
    "new", "status", "stop", "start", "help", "greeting", "language", "spam", "courtesy"
]
Kind = Literal["complaint", "suggestion", "remark", "question"]

KINDS: tuple[Kind, ...] = ("complaint", "suggestion", "remark", "question")

#: Whole messages, folded, that are a word to the machine. Carriers demand the English ones.
_COMMANDS: dict[Intent, frozenset[str]] = {
    "stop": frozenset(
        "stop stopall unsubscribe cancel end quit arret arreter desabonner baja parar "
        "توقف قف الغاء حبس 7bes hbes ⴱⴷⴷ bedd".split()
    ),
    "start": frozenset("start unstop commencer empezar ابدا بدا bda ⴱⴷⵓ bdu".split()),
    "help": frozenset(
        "help info aide ayuda مساعده عاونوني 3awnouni 3awnoni ⵜⵉⵡⵉⵙⵉ ? menu".split()
    ),
    "courtesy": frozenset(
        {
            "merci", "merci beaucoup", "ok merci", "merci bcp", "ok", "okay", "d'accord", "oui",
            "thanks", "thank you", "thx", "yes", "gracias", "muchas gracias", "vale", "si",
            "شكرا", "شكرا جزيلا", "شكرا لكم", "نعم", "حسنا", "واخا", "بارك الله فيكم",
            "choukran", "chokran", "chukran", "wakha", "lah ykhlef", "الله يخلف", "ⵜⴰⵏⵎⵎⵉⵔⵜ",
            "tanmmirt", "tanmirt",
        }
    ),
    "greeting": frozenset(
        {
            "hi", "hello", "hey", "bonjour", "bonsoir", "salut", "slt", "coucou", "hola",
            "buenos dias", "salam", "slm", "salam alaykom", "salam 3likom", "slm 3likom",
            "assalamo alaykom", "سلام", "السلام عليكم", "السلام عليكم ورحمه الله",
            "مرحبا", "اهلا", "صباح الخير", "مساء الخير", "ⴰⵣⵓⵍ", "azul", "labas", "لاباس",
        }
    ),
}  # fmt: skip

#: A language by its name, its code or "in it", folded, as a whole message.
_LANGUAGES: dict[str, frozenset[str]] = {
    "ar": frozenset(
        "ar arabe arabic arabi العربيه عربيه عربي بالعربيه بالعربي al3arabiya l3arbiya".split()
    ),
    "ary-Arab": frozenset("الدارجه دارجه بالدارجه المغربيه".split()),
    "ary-Latn": frozenset("darija derija arabizi".split()),
    "zgh-Tfng": frozenset(
        "zgh tamazight amazigh amazighe berbere ⵜⴰⵎⴰⵣⵉⵖⵜ الامازيغيه امازيغيه بالامازيغيه".split()
    ),
    "fr": frozenset("fr francais french frances الفرنسيه فرنسيه بالفرنسيه ⵜⴰⴼⵔⴰⵏⵙⵉⵙⵜ".split()),
    "en": frozenset("en english anglais ingles الانجليزيه انجليزيه بالانجليزيه".split()),
    "es": frozenset("es espanol spanish espagnol الاسبانيه اسبانيه بالاسبانيه".split()),
}
#: Words around the name that change nothing.
_POLITE = re.compile(r"\b(?:en|in|b|bel|svp|please|por favor|3afak|عفاك|من فضلكم)\b")

#: Asking how something stands, in folded text. What is asked about must be said too (below).
_ASKING = re.compile(
    r"\b(?:where (?:is|are)|status of|follow ?up|any news|progress)\b"
    r"|\b(?:ou en (?:est|sont)|suivi|statut|etat (?:de|du)|(?:des )?nouvelles (?:de|du))\b"
    r"|\b(?:donde esta|en que estado|estado de|seguimiento|como va)\b"
    r"|\b(?:fin (?:wsl|wsel|wslat|wesl|weslat|wasal|wslate)|wsla?t? l?fin|chno jdid|ach dar)\b"
    r"|(?:(?:اين|فين) (?:وصل|كاين)|\bوصلا?ت? ل?فين|ما (?:هو )?مصير|حاله (?:ال)?شكاي)"
    r"|(?:\bتتبع|شنو (?:دار|الجديد)|(?:اش|شنو) وقع)|(?:ⵎⴰⵏⵉ ⴷ)"
)
_CASE = re.compile(
    r"\b(?:complaint|case|request|claim|reclamation|plainte|dossier|demande|requete|queja|solicitud|"
    r"reclamacion|expediente|chikaya|chikaytiy?|chkaya|chekaya|dosi|lmilaf|milaf)\w*"
    r"|(?:شكاي|شكوا|شكوي|ملفي|الملف|طلبي|الدوسي|دوسي)|(?:ⵜⵓⵜⵜⵔⴰ)"
)
#: These words alone, as people answer a menu.
_STATUS = frozenset(
    {
        "status", "suivi", "statut", "estado", "seguimiento", "تتبع", "فين وصلات", "فين وصلت",
        "اين وصلت", "fin wslat", "ⵎⴰⵏⵉ ⴷ ⵜⵍⴽⵎ",
    }
)  # fmt: skip

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
#: A bot command that none of the words above stands for.
_COMMAND = re.compile(r"/[A-Za-z_]{1,32}(?:@\w+)?")
_LETTER = re.compile(r"[^\W\d_]")
#: So many words at most, a tracking number in groups counting as three.
_WORDS_WITH_NUMBER, _WORDS = 14, 8


def wish_of(text: str, *, has_files: bool = False) -> Intent:
    """What a message asks of us. Anything not surely a command is new matter, so it is heard."""
    if has_files:
        return "new"
    folded = fold(text)
    bare = folded.strip(" .!?؟،,;:/#\"'()").strip()
    word = bare.split("@")[0]
    for intent, words in _COMMANDS.items():
        if bare in words or (text.lstrip().startswith("/") and word in words):
            return intent
    if bare in ("language", "lang", "langue", "lugha", "idioma", "اللغه") or language_of(text):
        return "language"
    if _COMMAND.fullmatch(text.strip()):
        return "status" if word == "status" else "help"
    # A tracking number and nothing else asks for its case.
    if not _LETTER.search(folded):
        return "status" if find(text) else "new"
    return (
        "status"
        if bare in _STATUS or _asks_for_a_case(folded, numbered=bool(find(text)))
        else "new"
    )


def language_of(text: str) -> str | None:
    """The language that a whole message asks to be written to in: ``FR``, ``بالعربية``,
    ``/language es``; its BCP 47 tag, or None."""
    folded = fold(text).removeprefix("/language").removeprefix("/lang")
    said = _POLITE.sub(" ", folded) if " " in folded.strip() else folded
    word = said.strip(" .!?؟،,:")
    return next((tag for tag, names in _LANGUAGES.items() if word in names), None)


def _asks_for_a_case(folded: str, *, numbered: bool) -> bool:
    """Whether a folded text asks how a case stands. A longer one is a story that mentions it, and
    to take a complaint for a question would leave its author unheard."""
    words = _WORDS_WITH_NUMBER if numbered else _WORDS
    asks = len(folded.split()) <= words and _ASKING.search(folded)
    return bool(asks and (numbered or _CASE.search(folded)))


def kind_named(name: str | None) -> Kind | None:
    """The kind of that name, if it is one."""
    return next((kind for kind in KINDS if kind == name), None)


def kind_of(text: str, told: str | None = None) -> Kind:
    """Complaint, suggestion, remark or question: as the citizen said, or else by its wording."""
    if chosen := kind_named(told):
        return chosen
    folded = fold(text)
    if _SUGGESTION.search(folded):
        return "suggestion"
    if _QUESTION.search(folded):
        return "question"
    if _REMARK.search(folded):
        return "remark"
    return "complaint"
