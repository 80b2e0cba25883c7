"""What a mail newly says, apart from the mails it quotes and the signature under it."""

from __future__ import annotations

import re

from normalizer import mail_html, mail_quotes, mail_signatures

_EMPTY_LINES = re.compile(r"\n{3,}")
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
    bare = [mail_signatures.INVISIBLE.sub("", line[:_LINE]).strip() for line in lines[:_LINES]]
    kept: list[str] = []
    at = 0
    while at < len(bare):
        if mail_quotes.is_forward(bare[at]):
            return "\n".join([*kept, *lines[at:]]).strip()
        if mail_quotes.ends(bare, at):
            break
        if mail_quotes.is_quoted(bare, at):
            at += 1
            continue
        own, after = mail_quotes.shared_opening(bare, at)
        if own:
            kept.append(own)
        after = after or mail_quotes.after_opening(bare, at)
        if after is None:
            kept.append(lines[at])
            at += 1
        elif mail_quotes.is_quote_next(bare, after):
            at = after
        else:
            break
    else:
        kept += lines[_LINES:]
    return _EMPTY_LINES.sub("\n\n", "\n".join(mail_signatures.without(kept))).strip()
