"""HTML mail to text: without what is hidden, and then without the mails it quotes."""

from __future__ import annotations

import html
import re

from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring, tostring

#: Larger documents, and deeper ones, cost the renderer too much; their tags are just cut.
_MAX_RENDERED = 200_000
_MAX_DEPTH = 150

_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])"
    r"|max-height\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\W*(?:-{2,}\s*)?(?:begin )?(?:forwarded message|message transféré|mensaje reenviado"
    r"|début du message|رسالة معاد|weitergeleitete)",
    re.IGNORECASE,
)
#: Containers that hold nothing but the mail that is answered.
_QUOTES = (
    ".//*[contains(concat(' ', @class, ' '), ' gmail_quote ')"
    " or contains(concat(' ', @class, ' '), ' gmail_quote_container ')"
    " or contains(concat(' ', @class, ' '), ' yahoo_quoted ')"
    " or contains(concat(' ', @class, ' '), ' protonmail_quote ')"
    " or contains(concat(' ', @class, ' '), ' tutanota_quote ')"
    " or contains(concat(' ', @class, ' '), ' zmail_extra ')"
    " or contains(concat(' ', @class, ' '), ' moz-cite-prefix ')"
    " or contains(concat(' ', @class, ' '), ' moz-email-headers-table ')"
    " or starts-with(@id, 'yahoo_quoted') or @id='reply-intro'"
    " or @id='OLK_SRC_BODY_SECTION' or @id='mail-editor-reference-message-container']"
    " | .//blockquote[@type='cite']"
)
#: Where Outlook's answered mail begins: it and all that follows it goes.
_BEGINNINGS = (
    ".//*[@id='divRplyFwdMsg' or @id='appendonsend' or @id='stopSpelling'"
    " or contains(@class, 'OutlookMessageHeader')]"
)
#: Desktop Outlook draws a line above the answered mail's headers.
_RULED = (
    ".//div[contains(@style, 'border-top:solid') or contains(@style, 'border:none;border-top')]"
)
_SIGNATURES = (
    ".//*[contains(concat(' ', @class, ' '), ' gmail_signature ')"
    " or contains(concat(' ', @class, ' '), ' moz-signature ')"
    " or contains(concat(' ', @class, ' '), ' protonmail_signature_block ')"
    " or contains(@id, 'ms-outlook-mobile-signature') or @id='Signature'"
    " or @data-smartmail='gmail_signature']"
)
_NEVER_SEEN = ".//head | .//script | .//style | .//title | .//template | .//noscript | .//object"
_RENDERING = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False)

_BREAKS = re.compile(
    r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|hr)\b[^<>]{0,500}>", re.IGNORECASE
)
_UNSEEN = re.compile(r"<(script|style|head|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,5000}>")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def texts(source: str) -> tuple[str, str]:
    """The document as its reader sees it, and the same without quoted mails and signatures.

    Never raises: what no parser takes only loses its tags.
    """
    root = _parsed(source)
    if root is None:
        bare = stripped(source)
        return bare, bare
    _drop_all(root, _NEVER_SEEN)
    _drop_hidden(root)
    full = _rendered(root)
    before = len(list(root.iter()))
    _drop_quotes(root)
    _drop_all(root, _SIGNATURES)
    return full, full if len(list(root.iter())) == before else _rendered(root)


def stripped(source: str) -> str:
    """The document with its tags cut out and its blocks on lines of their own."""
    bare = _COMMENT.sub("", _UNSEEN.sub("", source))
    bare = _TAG.sub("", _BREAKS.sub("\0", _SPACES.sub(" ", bare)))
    return html.unescape(bare.replace("\0", "\n"))


def _parsed(source: str) -> HtmlElement | None:
    if len(source) > _MAX_RENDERED or not source.strip():
        return None
    # The text is decoded by now; what the document says of its charset no longer holds.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return root if _depth(root) <= _MAX_DEPTH else None


def _depth(root: HtmlElement) -> int:
    deepest = 0
    level = [root]
    while level and deepest <= _MAX_DEPTH:
        level = [child for element in level for child in element]
        deepest += 1
    return deepest


def _rendered(root: HtmlElement) -> str:
    for rule in root.iter("hr"):
        # The renderer shows none, and joins what stands on both sides of it.
        rule.tag = "br"
    try:
        return str(get_text(tostring(root, encoding="unicode"), _RENDERING))
    except (RecursionError, ValueError, TypeError, IndexError, AttributeError, etree.LxmlError):
        return stripped(str(tostring(root, encoding="unicode")))


def _drop_hidden(root: HtmlElement) -> None:
    for element in list(root.iter()):
        hidden = "hidden" in element.attrib or _HIDDEN_STYLE.search(element.get("style") or "")
        if hidden and element.tag not in ("html", "body"):
            _drop(element)


def _drop_quotes(root: HtmlElement) -> None:
    for element in root.xpath(_QUOTES):
        if not _FORWARD.match(str(element.text_content()).strip()[:200]):
            _drop(element)
    _drop_last_quote(root)
    for element in root.xpath(_BEGINNINGS):
        _drop_from(element)
    for element in root.xpath(_RULED):
        if len(re.findall(r":", str(element.text_content())[:400])) >= 3:
            _drop_from(element)


def _drop_last_quote(root: HtmlElement) -> None:
    """A quote without a mailer's mark is the answered mail when it ends what its writer says."""
    outer = root.xpath(".//blockquote[not(ancestor::blockquote)]")
    if not outer:
        return
    quote = outer[-1]
    said = str(quote.text_content()).strip()
    alone = len(str(root.text_content()).strip()) <= len(said)
    if _is_last(quote) and not alone and not _FORWARD.match(said[:200]):
        _drop(quote)


def _is_last(element: HtmlElement) -> bool:
    """Whether no text follows. Climbs, for XPath's own axes cost the square of the document."""
    while element is not None:
        if (element.tail or "").strip():
            return False
        for later in element.itersiblings():
            if str(later.text_content()).strip() or (later.tail or "").strip():
                return False
        element = element.getparent()
    return True


def _drop_all(root: HtmlElement, path: str) -> None:
    for element in root.xpath(path):
        _drop(element)


def _drop_from(element: HtmlElement) -> None:
    """The element and all that comes after it in its part of the document."""
    top = element
    while (parent := top.getparent()) is not None and parent.tag != "body":
        for later in list(top.itersiblings()):
            _drop(later)
        top = parent
    for later in list(top.itersiblings()):
        _drop(later)
    element.tail = None
    _drop(element)


def _drop(element: HtmlElement) -> None:
    """The element, not the text after it."""
    if element.getparent() is not None:
        element.drop_tree()
