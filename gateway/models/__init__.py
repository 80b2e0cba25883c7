"""The tables: what came in, what it is about, what goes out, and who works with it."""

from gateway.models.base import Base, BigId, Instant, Json
from gateway.models.cases import (
    ANSWERED,
    CLOSED,
    OPEN,
    AddressRow,
    Case,
    CaseAddress,
    Contact,
    Event,
    Label,
)
from gateway.models.road import (
    AttachmentRow,
    ChannelRow,
    Message,
    NoteRow,
    OutboundRow,
    PaceRow,
    ReportRow,
)
from gateway.models.staff import (
    Article,
    Audit,
    Presence,
    Template,
    Token,
    User,
    UserSession,
)
from gateway.models.talk import Guesses, LinkRow, Proof, Question

__all__ = [
    "ANSWERED",
    "CLOSED",
    "OPEN",
    "AddressRow",
    "Article",
    "AttachmentRow",
    "Audit",
    "Base",
    "BigId",
    "Case",
    "CaseAddress",
    "ChannelRow",
    "Contact",
    "Event",
    "Guesses",
    "Instant",
    "Json",
    "Label",
    "LinkRow",
    "Message",
    "NoteRow",
    "OutboundRow",
    "PaceRow",
    "Presence",
    "Proof",
    "Question",
    "ReportRow",
    "Template",
    "Token",
    "User",
    "UserSession",
]
