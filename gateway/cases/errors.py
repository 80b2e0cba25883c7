"""What goes wrong when people do something to a case."""

from __future__ import annotations


class CaseError(Exception):
    """What was asked of a case cannot be done; the message says why, for the person who asked.

    ``code`` is one word for it, by which a page says it in another language.
    """

    def __init__(self, message: str, code: str = "nonsense") -> None:
        super().__init__(message)
        self.code = code


class UnknownCase(CaseError):
    """No case has that number."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "unknown")


class Conflict(CaseError):
    """Somebody else changed the case meanwhile."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "conflict")
