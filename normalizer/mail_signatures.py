"""What stands under a mail's text: a signature, a list's footer, the mail program's own line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from normalizer.mail_quotes import RULE

#: Marks that right-to-left mailers put around names and at the start of lines.
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SIGNATURE = re.compile(r"\s?--\s?$|\s?— ?$|\s?–{2}\s?$")
#: "-Fatima Zahra" alone in the last paragraph.
_SIGNED = re.compile(r"\s?[-–—]{1,2}\s?[^\W\d_][\w.'’]+(?: [^\W\d_][\w.'’]*){0,3}\s?$")
#: Devices and programs that name themselves.
_DEVICES = (
    r"(?:i-?phone|i-?pad|ipod|android|samsung|galaxy|huawei|xiaomi|redmi|oppo|nokia|blackberry"
    r"|windows|outlook|yahoo|proton|verizon|at&t|t-mobile|vodafone|orange|inwi|mobile|smartphone"
    r"|sony|lg|htc|mail|gmail|t[ée]l[ée]phone|tel[ée]fono|m[óo]vil)"
)
_SENT = (
    r"(?:sent|gesendet|verzonden|skickat|sendt|envoyé|enviado|enviada|inviato|wysłano|lähetetty)"
    r"(?: depuis| de| à partir de| avec| via| desde| con| do| da| from| by| with| von| mit| fra"
    r"| från| vanaf| z| mobilnie)*(?: my| a| an| the| mon| ma| mi| meinem| mijn| min| il mio)?"
)
_FOOTER = re.compile(
    rf"{_SENT} \S[^,.;!?]{{1,60}}$"
    rf"|{_SENT} (?:\S+ ){{0,2}}\S*{_DEVICES}\b.{{0,70}}$"
    r"|(?:get|download) outlook for .{1,40}$|t[ée]l[ée]charge[zr] outlook pour .{1,40}$"
    r"|obt(?:enir|enez|ener|én) outlook .{1,40}$"
    r"|(?:تم الإرسال|أ?رسلت?|أُرسلت|مرسل|مُرسل) من (?:ال)?(?:جهاز|هاتف|iphone|ipad|android|سامسونج"
    r"|samsung|outlook|yahoo|بريد|huawei).{0,40}$"
    r"|(?:الحصول على|احصل على) outlook .{0,40}$|yahoo mail\s?[:;].{0,60}$"
    r"|(?:iphone|ipad|android)(?:から送信|에서 보냄)$|发自我的.{1,30}$|從我的.{1,30}傳送$",
    re.IGNORECASE,
)
_LONG_RULE = re.compile(r"\s*[_-]{20,}\s*$")
_LIST_FOOTER = re.compile(
    r"you received this message because you are subscribed|to unsubscribe|.{0,60}mailing list$",
    re.IGNORECASE,
)


def without(lines: Sequence[str]) -> list[str]:
    """The lines without what stands under them."""
    kept = _above_signature(list(lines))
    while kept and (not kept[-1].strip() or RULE.match(kept[-1]) or _is_footer(kept[-1])):
        kept.pop()
    if len(kept) > 1 and not kept[-2].strip() and _SIGNED.fullmatch(kept[-1]):
        kept.pop()
    return kept


def _above_signature(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        # One at the very top would leave nothing; it is a rule then.
        if _SIGNATURE.fullmatch(line) and any(above.strip() for above in lines[:at]):
            return lines[:at]
        if _LONG_RULE.match(line) and _is_list_footer(lines[at + 1 :]):
            return lines[:at]
    return lines


def _is_footer(line: str) -> bool:
    return bool(_FOOTER.match(INVISIBLE.sub("", line).strip(" \t*_<>[]")))


def _is_list_footer(lines: Sequence[str]) -> bool:
    filled = [line.strip() for line in lines if line.strip()]
    return 0 < len(filled) <= 6 and bool(_LIST_FOOTER.match(filled[0]))
