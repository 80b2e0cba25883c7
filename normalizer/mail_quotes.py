"""Where, in the lines of a mail's text, an older mail begins: in each mail program's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence


def _any(listed: str) -> str:
    """One pattern of several, each on a line of its own."""
    return "|".join(line.strip() for line in listed.strip().splitlines())


QUOTED = re.compile(r"\s{0,3}>")
#: All there are: giving some back would cost the square of a long line.
_DASHES = r"[-–—_=*]{2,}+"
RULE = re.compile(rf"\s*(?:{_DASHES})\s*$")

#: What "On 3 May 2024 Somebody wrote:" and its like begin with.
_START = (
    r"(?:On|Le|El|Am|Il|Em|Op|Den|På|Vom|Pe|Dne|Dňa|Dnia|W dniu|Vào|Pada|Vào lúc|Den\.?|Date"
    r"|Il giorno|Ngày|Στις|于|在|في|بتاريخ|يوم)\s"
)
_OPENING = re.compile(rf"{_START}|\d|[\w.]{{2,4}},? \d|{_DASHES} ?On ", re.IGNORECASE)
_DATE = re.compile(r"\d[:.h٫]\d\d|\d{4}|\d[/.-]\d|[٠-٩]{1,2}[:٫][٠-٩]{2}|[٠-٩]{4}|\d年|\d月")
_ADDRESS = re.compile(r"[^\s<>()]{1,100}@[^\s<>()]{1,200}")
#: The verb, in forms that end the line, and in those that the writer's name follows.
_VERBS = _any(
    r"""
    \bwrote
    \bwrites
    \bsent
    \bsaid
    \ba [ée]crit
    \bescribi[óo]
    \bha scritto
    \bescreveu
    \bschreef
    \bgeschreven
    \bskrev
    \bschrieb
    \bnapisał\(?a?\)?
    \bnapsal\(?a?\)?
    \bnapísal\(?a?\)?
    \ba scris
    \bkirjoitti
    \bírta
    \byazdı
    \bviết
    \bmenulis
    \bнаписал\(?а?\)?
    \bпишет
    \bнаписав\(?ла\)?
    \bέγραψε
    写道
    寫道
    作成
    작성
    のメール
    書きました
    """
)
_WROTE = re.compile(rf"(?:{_VERBS})\s*[:：]\s*$", re.IGNORECASE)
_WROTE_BY = re.compile(
    r"\b(?:schrieb|schreef|skrev|írta|kirjoitti|كتبت?|كتب/كتبت|تمت كتابة ما يلي بواسطة|جاء من)\b"
    r".{0,150}[:：]$",
    re.IGNORECASE,
)
#: People write such sentences too.
_OWN_WORDS = re.compile(r"\b(?:I|we|he|she|they|you|who|it) (?:wrote|sent|said)\s*:$")
#: Gmail's older "2014-05-03 10:00 GMT+01:00 Somebody <some@body>:", with or without the colon.
_DATED = re.compile(
    r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}|\w{2,3}, \d{1,2} \S{3,9} \d{4})\b"
    r".{0,160}<[^<>\s@]{1,100}@[^<>\s@]{1,200}>:?$"
)
#: Android's "---- Somebody wrote ----", and an opening between dashes.
_BETWEEN_DASHES = re.compile(
    rf"{_DASHES}\s?.{{0,120}}\b(?:wrote|a [ée]crit|escribi[óo]|schrieb)\b.{{0,80}}{_DASHES}$",
    re.IGNORECASE,
)
#: Where an opening may follow the writer's own words on their last line, and what it looks like.
_LATER_START = re.compile(r"(?<=[\s-])(?:On|Le|El) ")
_LATER_OPENING = re.compile(r"\w\w (?:\w{3,9}\.?,? )?.{0,12}\d.{4,160}$")
_ORIGINALS = _any(
    r"""
    (?:original|reply|previous|quoted) (?:message|mail|e-mail|text)
    message (?:d.origine|original|initial|précédent)
    mensaje (?:original|anterior)
    ursprüngliche nachricht
    original-?nachricht
    antwort(?: |-)?nachricht
    messaggio originale
    mensagem original
    oorspronkelijk bericht
    oprindelig meddelelse
    originalmeddelande
    ursprungligt meddelande
    opprinnelig melding
    alkuperäinen viesti
    wiadomość oryginalna
    původní zpráva
    pôvodná správa
    eredeti üzenet
    mesajul original
    orijinal mesaj
    исходное сообщение
    пересылаемое сообщение
    原始邮件
    原始郵件
    元のメッセージ
    원본 메시지
    الرسالة الأصلية
    رسالة أصلية
    """
)
_ORIGINAL = re.compile(
    rf"{_DASHES}\s*(?:{_ORIGINALS})\s*:?\s*{_DASHES}"
    # What ticket systems ask to write above.
    r"|[\W_]*+(?:please )?(?:type your )?(?:reply|respond|write|répond\w*|escrib\w*) "
    r"(?:above|au[- ]dessus|encima|por encima|arriba) .{0,60}(?:line|ligne|línea)\b.{0,10}$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    rf"{_DASHES}\s*(?:(?:original )?forwarded (?:message|mail)|message (?:transféré|réexpédié)"
    rf"|mensaje reenviado|weitergeleitete nachricht|messaggio inoltrato|mensagem encaminhada"
    rf"|doorgestuurd bericht|videresendt meddelelse|vidarebefordrat meddelande|пересланное письмо"
    rf"|رسالة (?:معاد توجيهها|مُعاد توجيهها|محولة|معاد إرسالها)|الرسالة المعاد توجيهها)"
    rf".{{0,20}}{_DASHES}"
    r"|begin forwarded message\s*:|début du message (?:réexpédié|transféré)\s*:"
    r"|inicio del mensaje reenviado\s*:|anfang der weitergeleiteten (?:e-?mail|nachricht)\s*:"
    r"|inizio messaggio inoltrato\s*:|بداية الرسالة (?:المعاد توجيهها|المحولة)\s*:",
    re.IGNORECASE,
)
#: The lines of Outlook's block of headers. A sender's or a date's line opens it.
_FIRST_LINE = re.compile(
    r"[*_]{0,2}(?:From|Date|Sent|De|Von|Da|Van|Fra|Från|Od|Lähettäjä|Feladó|De la|Kimden|От"
    r"|发件人|寄件者|差出人|보낸 사람|من|المرسل)\s?[*_]{0,2}[:：][*_]{0,2}\s*\S",
    re.IGNORECASE,
)
_OTHER_LINE = re.compile(
    r"[*_]{0,2}(?:From|Sent|Date|To|Cc|Subject|Reply-To|Importance|Envoyé(?: le| par)?|À|A|Objet"
    r"|Répondre à|Enviad[oa](?: el| em)?|Fecha|Para|Asunto|Assunto|CC|Gesendet|Datum|An|Betreff"
    r"|Inviato|Data|Oggetto|Verzonden|Aan|Onderwerp|Sendt|Til|Emne|Skickat|Till|Ämne|Wysłano|Do"
    r"|Temat|Odesláno|Komu|Předmět|Gönderildi|Kime|Konu|Отправлено|Кому|Тема|Дата|发送时间|收件人"
    r"|主题|日時|宛先|件名|받는 사람|제목|تاريخ الإرسال|تم الإرسال|أرسلت|أُرسلت|التاريخ|إلى|الى"
    r"|نسخة|الموضوع)\s?[*_]{0,2}[:：]",
    re.IGNORECASE,
)
#: How many lines an opening may be wrapped over, and a block of headers long.
_WRAPPED = 4
_BLOCK = 8
#: Characters after which mailers break a line.
_FULL = 60
#: Where in an opening its verb stands, in characters from its end.
_VERB = 40
_VERB_AND_NAME = 200
#: How many beginnings of an opening are looked at in one line.
_CANDIDATES = 3


def is_forward(line: str) -> bool:
    """Whether a mail that is passed on begins here."""
    return bool(_FORWARDED.match(line))


def ends(lines: Sequence[str], at: int) -> bool:
    """Whether all from this line on is an older mail."""
    if _ORIGINAL.match(lines[at]) or _BETWEEN_DASHES.match(lines[at]):
        return True
    if RULE.match(lines[at]):
        following = next((i for i in range(at + 1, min(at + 4, len(lines))) if lines[i]), None)
        return following is not None and _is_header_block(lines, following)
    return _is_header_block(lines, at)


def after_opening(lines: Sequence[str], at: int) -> int | None:
    """The line after "On … wrote:", wherever a mailer has wrapped it; None when there is none."""
    # A line that begins like none may still be one, but not the first of several.
    most = _WRAPPED if _OPENING.match(lines[at]) else 1
    for end in range(at + 1, min(at + 1 + most, len(lines) + 1)):
        if not lines[end - 1]:
            return None
        joined = " ".join(lines[at:end])
        if _is_opening(joined.replace("< ", "<")):
            return end
    return None


def shared_opening(lines: Sequence[str], at: int) -> tuple[str, int | None]:
    """The writer's own words before an opening on the same line, and the line after the opening;
    nothing and None when no such line begins here."""
    line = lines[at]
    # The last ones: nobody's opening is longer.
    for start in list(_LATER_START.finditer(line))[-_CANDIDATES:]:
        own, said = line[: start.start()].rstrip("- "), line[start.start() :]
        if not own or not _LATER_OPENING.match(said):
            continue
        for end in range(at + 1, min(at + 2, len(lines)) + 1):
            joined = " ".join([said, *lines[at + 1 : end]]).replace("< ", "<")
            if _is_opening(joined):
                return own, end
    return "", None


def is_quoted(lines: Sequence[str], at: int) -> bool:
    """Whether the line carries the mark of a quote, or was torn off one by a narrow mailer."""
    if QUOTED.match(lines[at]):
        return True
    if not lines[at] or not 0 < at < len(lines) - 1 or not QUOTED.match(lines[at + 1]):
        return False
    before = lines[at - 1]
    return bool(QUOTED.match(before)) and (len(before) >= _FULL or "://" in before + lines[at])


def is_quote_next(lines: Sequence[str], at: int) -> bool:
    """Whether the quoted mail is marked line by line, so that what follows it can be told apart."""
    following = next((line for line in lines[at:] if line), "")
    return bool(QUOTED.match(following))


def _is_opening(said: str) -> bool:
    if said.endswith((">", ">:")) and _DATED.match(said):
        return True
    if not said.endswith((":", "：")) or _OWN_WORDS.search(said):
        return False
    if not (_WROTE.search(said[-_VERB:]) or _WROTE_BY.search(said[-_VERB_AND_NAME:])):
        return False
    return bool(_ADDRESS.search(said)) or bool(_OPENING.match(said) and _DATE.search(said))


def _is_header_block(lines: Sequence[str], at: int) -> bool:
    if not _FIRST_LINE.match(lines[at]):
        return False
    block = lines[at + 1 : at + 1 + _BLOCK]
    others = sum(bool(_OTHER_LINE.match(line)) for line in block)
    if others == 1:
        # Two lines are enough where one of them names a mailbox.
        head = block[:1]
        return bool(_OTHER_LINE.match("".join(head)) and _ADDRESS.search(lines[at] + "".join(head)))
    return others >= 2
