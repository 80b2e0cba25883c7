"""TwiML as the simulated telephone reads it: an XML document into verbs in order."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass

#: TwiML is at most 64 kB, says Twilio (error 11750).
LIMIT = 64 * 1024


class NotTwiml(Exception):
    """The answer is no TwiML document: Twilio would tell the caller of an application error."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing for the telephone to do."""

    name: str
    attributes: Mapping[str, str]
    text: str
    nested: tuple[Verb, ...]


def parse(document: bytes) -> tuple[Verb, ...]:
    """The verbs of a ``<Response>``; an empty document is an empty one. Raises NotTwiml."""
    if not document.strip():
        return ()
    # The gateway is the author; a document type, with its entities, is never part of TwiML.
    if len(document) > LIMIT or b"<!DOCTYPE" in document:
        raise NotTwiml("too long, or it declares a document type")
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  # no DOCTYPE, so no entities
    except ElementTree.ParseError as wrong:
        raise NotTwiml(str(wrong)) from None
    if root.tag != "Response":
        raise NotTwiml(f"the document's element is <{root.tag}>")
    return tuple(_verb(element) for element in root)


def messages_in(document: bytes) -> list[str]:
    """The texts of the ``<Message>`` verbs. Raises NotTwiml."""
    if not document.lstrip().startswith(b"<"):
        return []
    return [
        verb.text or " ".join(part.text for part in verb.nested if part.name == "Body")
        for verb in parse(document)
        if verb.name == "Message"
    ]


def _verb(element: ElementTree.Element) -> Verb:
    nested = tuple(_verb(child) for child in element)
    # <Say> may hold SSML; its words are what is heard.
    text = " ".join("".join(element.itertext()).split())
    return Verb(element.tag, dict(element.attrib), text, nested)
