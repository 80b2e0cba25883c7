"""What a message is about, and whether it says that this goes on."""

from __future__ import annotations

from normalizer.intent.phrasebook import books, hear, line_of, words_of

#: Words with the same beginning are about the same; a shorter word is about nothing.
_STEM, _TELLING = 5, 3
#: A longer text tells a story, whatever it says of going on.
_LONGEST = 30


def goes_on(text: str) -> bool:
    """Whether it says that a trouble goes on, or is back: "still no light", باقي الضو مقطوع."""
    words = hear(text).words
    line = line_of(words)
    return len(words) <= _LONGEST and any(
        phrase in line for book in books() for phrase in book.still
    )


def topics_of(text: str) -> dict[str, str]:
    """The words that tell what a text is about, by how they begin: without those that any message
    to us may hold."""
    return {
        word[:_STEM]: word
        for word in words_of(text)
        if len(word) >= _TELLING
        and not word.isdecimal()
        and not any(word in book.usual or book.about.fullmatch(word) for book in books())
    }
