"""Files of a case, for whoever sees the case: each download is written down first."""

from __future__ import annotations

from flask import abort, redirect
from flask.typing import ResponseReturnValue

from gateway.cases import Received, Sent
from gateway.web.desk.case import found, note
from gateway.web.files import file_url, original_url, sent_file_url


def attachment(number: str, file_id: int) -> ResponseReturnValue:
    """A file that the citizen sent, as it came."""
    dossier = found(number)
    received = (one for one in dossier.thread if isinstance(one, Received))
    if not any(file.id == file_id for one in received for file in one.files):
        abort(404)
    note("download", dossier, file=file_id)
    return redirect(file_url(file_id))


def sent(number: str, message_id: int, position: int) -> ResponseReturnValue:
    """A file that went along with an answer."""
    dossier = found(number)
    said = (one for one in dossier.thread if isinstance(one, Sent) and one.id == message_id)
    if not any(position < len(one.files) for one in said):
        abort(404)
    note("download", dossier, sent=message_id, position=position)
    return redirect(sent_file_url(message_id, position))


def original(number: str, message_id: int) -> ResponseReturnValue:
    """A message byte for byte as the channel carried it."""
    dossier = found(number)
    if not any(isinstance(one, Received) and one.id == message_id for one in dossier.thread):
        abort(404)
    note("download", dossier, message=message_id)
    return redirect(original_url(message_id))
