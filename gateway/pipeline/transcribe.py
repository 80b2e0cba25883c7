"""Has a fetched recording written down, and takes the text in as a message of its own."""

from __future__ import annotations

import structlog

from channels.base import Inbound
from gateway import clock
from gateway.models import AttachmentRow, Message
from gateway.pipeline.accept import accept
from gateway.pipeline.parts import Parts
from gateway.transcribers import NoTranscript, Transcript

log = structlog.get_logger(__name__)

#: The channel whose recordings are complaints without words.
_SPOKEN = "voice"


def write_down(parts: Parts, row: AttachmentRow, content: bytes) -> None:
    """Transcribe a caller's recording, where a transcriber is set up. What cannot be written down
    waits in triage for a person's ears."""
    if parts.transcriber is None:
        return
    with parts.store.read() as session:
        message = session.get_one(Message, row.message_id)
    if message.channel != _SPOKEN:
        return
    language = message.hints.get("language")
    try:
        heard = parts.transcriber.transcribe(content, row.declared_type or "", language)
    except NoTranscript as failure:
        log.warning("transcribe.failed", message=message.id, reason=str(failure))
        return
    except Exception as error:  # noqa: BLE001  # the border: a plug-in's fault loses no recording
        log.error("transcribe.fault", message=message.id, error=type(error).__name__)
        return
    if heard.text.strip():
        accept(parts, message.channel, _transcript(message, heard, parts.transcriber.name))


def _transcript(message: Message, heard: Transcript, by: str) -> Inbound:
    language = {"language": heard.language} if heard.language else {}
    return Inbound(
        external_id=f"{message.external_id}/transcript",
        account=message.account,
        sender=message.sender,
        text=heard.text,
        raw=heard.text.encode(),
        received_at=clock.now(),
        in_reply_to=(message.reference,),
        hints={"event": "transcript", "transcriber": by, **language},
    )
