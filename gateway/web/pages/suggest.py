"""Which administration the words typed so far point to: a hint that stores nothing."""

from __future__ import annotations

from flask import Response, jsonify, request

from channels.base import Inbound
from gateway import clock
from gateway.web.current import house
from gateway.web.pages.submit import CHANNEL
from gateway.web.pages.tongues import tongue
from normalizer.complaint import normalize
from routing.router import NOBODY, decide

#: Fewer words tell nothing, and more are not read.
_FEWEST, _MOST = 3, 4000
#: A suggestion is at least so likely; of those, the best are shown.
_LIKELY, _SHOWN = 0.15, 3
_LARGEST = 32 * 1024


def suggest() -> Response:
    """The likeliest administrations for a text, as JSON. The text comes in the body: addresses
    end up in logs."""
    request.max_content_length = _LARGEST
    asked = request.get_json(silent=True)
    text = asked.get("text") if isinstance(asked, dict) else None
    if not isinstance(text, str) or len(text.split()) < _FEWEST:
        return jsonify([])
    here, said = house(), tongue()
    inbound = Inbound("", "", "", text[:_MOST], b"", clock.now(), hints={"language": said.tag})
    complaint = normalize(inbound, CHANNEL, "other", region=here.settings.region)
    route = decide(complaint, here.directory, here.learner.model())
    likely = [slug for slug, share in route.candidates if slug != NOBODY and share >= _LIKELY]
    found = [here.directory.get(slug) for slug in likely[:_SHOWN]]
    return jsonify([{"slug": one.slug, "label": one.label(said.tag)} for one in found if one])
