"""What a mail newly says, apart from the mails it quotes and the signature under it."""

from __future__ import annotations

import re

from normalizer import mail_html

#: Marks that right-to-left mailers put around names and at the start of lines.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_QUOTED = re.compile(r"\s{0,3}>")
_DASHES = r"[-–—_=*]{2,}"

#: "On 3 May 2024 Somebody wrote:" and its like, in three looks that each cost one pass. A date
#: is needed, and nobody's own "I wrote:", for people write such sentences too.
_OPENING = re.compile(r"(?:On|Le|El|Am|Il|Em|Op|Den|På|W dniu|Dne|في|بتاريخ|يوم)\s", re.IGNORECASE)
_DATE = re.compile(r"\d[:.h]\d\d|\d{4}|\d[/.-]\d")
_WROTE = re.compile(
    r"(?:(?<!\bI )\bwrote|\bwrites|\ba [ée]crit|escribi[óo]|ha scritto|escreveu|schreef|skrev"
    r"|napisał\(?a?\)?|yazdı)\s*[:：]$"
    r"|\b(?:schrieb|schreef|skrev|كتبت?|كتب/كتبت|تمت كتابة ما يلي بواسطة|جاء من)\b.{0,150}[:：]$",
    re.IGNORECASE,
)
#: Gmail's older "2014-05-03 10:00 GMT+01:00 Somebody <some@body>:".
_DATED = re.compile(
    r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4})\b"
    r".{0,120}<[^<>\s@]{1,100}@[^<>\s@]{1,200}>:?$"
)
_ORIGINAL = re.compile(
    rf"{_DASHES}\s*(?:(?:original|reply) (?:message|mail)|message (?:d.origine|original|initial)"
    rf"|mensaje original|ursprüngliche nachricht|original-nachricht|messaggio originale"
    rf"|mensagem original|oorspronkelijk bericht|الرسالة الأصلية|رسالة أصلية)\s*:?\s*{_DASHES}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    rf"{_DASHES}\s*(?:(?:original )?forwarded (?:message|mail)|message (?:transféré|réexpédié)"
    rf"|mensaje reenviado|weitergeleitete nachricht|messaggio inoltrato|mensagem encaminhada"
    rf"|رسالة (?:معاد توجيهها|مُعاد توجيهها|محولة|معاد إرسالها)|الرسالة المعاد توجيهها)"
    rf".{{0,20}}{_DASHES}"
    r"|begin forwarded message\s*:|début du message (?:réexpédié|transféré)\s*:"
    r"|inicio del mensaje reenviado\s*:|بداية الرسالة (?:المعاد توجيهها|المحولة)\s*:",
    re.IGNORECASE,
)
#: Outlook's block of headers. The sender's line opens it; two others must follow.
_FROM_LINE = re.compile(
    r"[*_]{0,2}(?:From|De|Von|Da|Van|من|المرسل)\s*:[*_]{0,2}\s*\S", re.IGNORECASE
)
_OTHER_LINE = re.compile(
    r"[*_]{0,2}(?:Sent|Date|To|Cc|Subject|Envoyé(?: le)?|À|A|Objet|Enviad[oa](?: el)?|Fecha|Para"
    r"|Asunto|Gesendet|Datum|An|Betreff|Inviato|Data|Oggetto|Verzonden|Aan|Onderwerp"
    r"|تاريخ الإرسال|تم الإرسال|أرسلت|أُرسلت|التاريخ|إلى|الى|نسخة|الموضوع)\s*:",
    re.IGNORECASE,
)
_RULE = re.compile(rf"\s*(?:{_DASHES})\s*$")
_LONG_RULE = re.compile(r"\s*[_-]{20,}\s*$")

_SIGNATURE = re.compile(r"\s?--\s?$|\s?— ?$")
#: Written under every mail by the program that sends it.
_FOOTER = re.compile(
    r"(?:sent|gesendet|verzonden|skickat) (?:from|via|by|with|von|mit) "
    r"(?:my |a |the |meinem )?\S.{0,60}$"
    r"|envoyé (?:de|depuis|à partir de|avec|via) .{1,60}$|enviado (?:desde|con|de) .{1,60}$"
    r"|inviato da .{1,40}$|(?:get|download) outlook for .{1,40}$"
    r"|t[ée]l[ée]charge[zr] outlook pour .{1,40}$|obt(?:enir|enez|ener|én) outlook .{1,40}$"
    r"|(?:تم الإرسال|أ?رسلت?|أُرسلت|مرسل|مُرسل) من (?:ال)?(?:جهاز|هاتف|iphone|ipad|android|سامسونج"
    r"|samsung|outlook|yahoo|بريد|huawei).{0,40}$"
    r"|(?:الحصول على|احصل على) outlook .{0,40}$|yahoo mail\s?[:;].{0,60}$",
    re.IGNORECASE,
)
_LIST_FOOTER = re.compile(
    r"you received this message because you are subscribed|to unsubscribe|.{0,60}mailing list$",
    re.IGNORECASE,
)
_EMPTY_LINES = re.compile(r"\n{3,}")
#: How many lines an opening may be wrapped over, and a block of headers long.
_WRAPPED = 4
_BLOCK = 8
#: How much is searched for quotes; a longer mail keeps what follows.
_LINES = 5000
_LINE = 500


def visible(text: str, html: bool) -> tuple[str, str]:
    """What is new in a mail's text, and the full text. Pure, and total: it raises for no input.

    A forward is what its sender wants to say, so it is new as a whole. Where cutting leaves
    nothing, the new text is the full text.
    """
    if html:
        full, new = (tidy(said) for said in mail_html.texts(text))
    else:
        full = new = tidy(text)
    return _new(new) or full, full


def tidy(text: str) -> str:
    """One kind of line end, nothing after a line's end, at most one empty line in a row."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def _new(text: str) -> str:
    lines = text.split("\n")
    bare = [_INVISIBLE.sub("", line[:_LINE]).strip() for line in lines[:_LINES]]
    kept: list[str] = []
    at = 0
    while at < len(bare):
        if _FORWARDED.match(bare[at]):
            return "\n".join([*kept, *lines[at:]]).strip()
        if _ends_here(bare, at):
            break
        after = _after_opening(bare, at)
        if after:
            if not _is_quote_next(bare, after):
                break
            at = after
        elif _QUOTED.match(bare[at]):
            at += 1
        else:
            kept.append(lines[at])
            at += 1
    else:
        kept += lines[_LINES:]
    return _without_signature(kept)


def _ends_here(bare: list[str], at: int) -> bool:
    """Whether all from this line on is an older mail."""
    if _ORIGINAL.match(bare[at]):
        return True
    if _RULE.match(bare[at]):
        following = next((i for i in range(at + 1, min(at + 4, len(bare))) if bare[i]), None)
        return following is not None and _is_header_block(bare, following)
    return _is_header_block(bare, at)


def _is_header_block(bare: list[str], at: int) -> bool:
    if not _FROM_LINE.match(bare[at]):
        return False
    following = bare[at + 1 : at + 1 + _BLOCK]
    return sum(bool(_OTHER_LINE.match(line)) for line in following) >= 2


def _after_opening(bare: list[str], at: int) -> int | None:
    """The line after "On … wrote:", wherever a mailer has wrapped it; None when there is none."""
    ends = bare[at].endswith((":", "：", ">"))
    if ends and (_DATED.match(bare[at]) or ("@" in bare[at] and _WROTE.search(bare[at]))):
        return at + 1
    if not _OPENING.match(bare[at]):
        return None
    for end in range(at + 1, min(at + 1 + _WRAPPED, len(bare) + 1)):
        joined = " ".join(bare[at:end])
        if joined.endswith((":", "：")) and _DATE.search(joined) and _WROTE.search(joined):
            return end
        if not bare[end - 1]:
            return None
    return None


def _is_quote_next(bare: list[str], at: int) -> bool:
    """Whether the quoted mail is marked line by line, so that what follows it can be told apart."""
    following = next((line for line in bare[at:] if line), "")
    return bool(_QUOTED.match(following))


def _without_signature(lines: list[str]) -> str:
    for at, line in enumerate(lines):
        # One at the very top would leave nothing; it is a rule then.
        if _SIGNATURE.fullmatch(line) and any(above.strip() for above in lines[:at]):
            lines = lines[:at]
            break
        if _LONG_RULE.match(line) and _is_list_footer(lines[at + 1 :]):
            lines = lines[:at]
            break
    while lines and (not lines[-1].strip() or _is_footer(lines[-1])):
        lines = lines[:-1]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _is_footer(line: str) -> bool:
    return bool(_FOOTER.match(_INVISIBLE.sub("", line).strip(" \t*_<>[]")))


def _is_list_footer(lines: list[str]) -> bool:
    filled = [line.strip() for line in lines if line.strip()]
    return 0 < len(filled) <= 6 and bool(_LIST_FOOTER.match(filled[0]))
