"""Bytes to text, whatever charset the sender's program claims they are in."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

#: Names that mailers write and Python does not know, or knows as less than what is meant.
_ALIASES = {
    "ansi": "cp1252",
    "ansi_x3.110-1983": "latin-1",
    "big5-eten": "big5hkscs",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "macintosh": "mac-roman",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac-roman",
}
#: A code page's number within any such name: ``cp-1256``, ``windows1256``, ``x-cp1256``, ``1256``.
_CODE_PAGE = re.compile(r"(?:x-)?(?:cp|windows|win|ibm|ms)?[-_ ]?(\d{3,4})")
#: Says nothing: nearly all mail in these is UTF-8 or windows-125x in truth.
_EMPTY_CLAIMS = frozenset({"", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown"})
#: In these any byte is a letter, so that UTF-8 read as one of them goes unnoticed.
_TAKES_ANYTHING = frozenset({"cp1252", "iso8859-1", "iso8859-15", "cp1256", "mac-roman"})
#: Python calls these encodings too, but they are no charsets.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
_ISO_2022 = re.compile(rb"\x1b\$[@B]")
_HIGH = re.compile(rb"[\x80-\xff]")
_RUN = re.compile(rb"[\x80-\xff]{2,}")
#: In windows-1256 the Arabic letters; in windows-1252 mostly accented capitals that are rare.
_ARABIC_RUN = re.compile(rb"[\xc0-\xdf\xe1\xe3-\xe6\xec\xed\x8d\x8e\x90\x81]{2,}")
#: Bytes looked at when guessing.
_SAMPLE = 20_000


def decode(data: bytes, claimed: str | None = None) -> str:
    """The text of ``data``. Never raises: what no charset explains becomes U+FFFD."""
    name = known(claimed)
    if name is None:
        return _guess(data)
    if name in _TAKES_ANYTHING and (text := _utf8(data)) is not None:
        return text
    try:
        return data.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return _guess(data) if _mostly_wrong(data, name) else data.decode(name, "replace")


def known(claimed: str | None) -> str | None:
    """Python's name for a claimed charset; None for one that says nothing or does not exist."""
    said = (claimed or "").strip(" \t\"';").lower().removeprefix("charset=").split("*")[0]
    if said in _EMPTY_CLAIMS:
        return None
    page = _CODE_PAGE.fullmatch(said)
    for name in (_ALIASES.get(said), said, f"cp{page[1]}" if page else None):
        if not name or "\0" in name:
            continue
        try:
            found = codecs.lookup(name).name
            b"".decode(found)
        except (LookupError, ValueError):
            continue
        return None if found in _NO_CHARSETS else found
    return None


def _mostly_wrong(data: bytes, name: str) -> bool:
    """Whether the claim is false, rather than true with a byte or two broken on the way."""
    text = data[:_SAMPLE].decode(name, "replace")
    others = len(_HIGH.findall(data[:_SAMPLE])) or len(text)
    return text.count("\ufffd") * 4 > others


def _guess(data: bytes) -> str:
    if (text := _utf8(data)) is not None:
        return text if not _ISO_2022.search(data) else data.decode("iso-2022-jp", "replace")
    if _looks_arabic(data):
        return data.decode("cp1256", "replace")
    if _stand_alone(data):
        return data.decode("cp1252", "replace")
    found = from_bytes(data[:_SAMPLE]).best()
    return data.decode(found.encoding if found else "cp1252", "replace")


def _utf8(data: bytes) -> str | None:
    """As UTF-8 if it is that, also when cut within its last character.

    One high byte at the very end is a letter of another charset and not a cut: "café".
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = error.start >= len(data) - 3 and error.reason == "unexpected end of data"
        if cut and not data[: error.start].isascii():
            return data[: error.start].decode("utf-8-sig", "replace")
        return None


def _stand_alone(data: bytes) -> bool:
    """Accents in the words of a Western language are one byte among ASCII."""
    sample = data[:_SAMPLE]
    return sum(map(len, _RUN.findall(sample))) * 2 < len(_HIGH.findall(sample))


def _looks_arabic(data: bytes) -> bool:
    """Arabic words are runs of high bytes; accents in Latin words stand alone."""
    sample = data[:_SAMPLE]
    high = len(_HIGH.findall(sample))
    return sum(len(run) for run in _ARABIC_RUN.findall(sample)) * 2 > high
