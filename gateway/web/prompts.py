"""The recorded sentences of phone calls, where providers fetch them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_file

from channels.voice.prompts import Prompts
from gateway.web.current import house

prompts = Blueprint("prompts", __name__, url_prefix="/prompts")


@prompts.get("/<language>/<name>.mp3")
def recording(language: str, name: str) -> Response:
    """One sentence, as a deployment recorded it or as it comes along."""
    settings = house().settings
    file = Prompts(settings.voice_prompts, settings.public_url).file(language, name)
    if file is None:
        abort(404)
    return send_file(file.absolute(), mimetype="audio/mpeg", max_age=3600)
