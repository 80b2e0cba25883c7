"""What people do to a case: look at it, answer, transfer, close, reopen. Each writes history."""

from gateway.cases.acts import Cases
from gateway.cases.dossier import Dossier, FileView, Noted, Other, Received, Sent
from gateway.cases.errors import CaseError, Conflict, UnknownCase
from gateway.cases.preview import CARRIERS, Preview
from gateway.cases.rules import GROUNDS, HOPS, MESSAGE_LIMIT, NOTICES
from gateway.cases.view import CaseView, EventView, SaidView
from gateway.cases.work import By

__all__ = [
    "CARRIERS",
    "GROUNDS",
    "HOPS",
    "MESSAGE_LIMIT",
    "NOTICES",
    "By",
    "CaseError",
    "CaseView",
    "Cases",
    "Conflict",
    "Dossier",
    "EventView",
    "FileView",
    "Noted",
    "Other",
    "Preview",
    "Received",
    "SaidView",
    "Sent",
    "UnknownCase",
]
