"""Markdown as staff write it, made into HTML that can do no harm."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

#: HTML stays text, links lead to pages and mailboxes only, and pictures are not fetched.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).disable("image")


def to_html(text: str) -> Markup:
    """The text as HTML. Headings begin at the third level: the page has the first two."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704  # html is off
