"""How often one address may do what can be abused: guess at cases, send forms."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from gateway.settings import Settings

#: Views name their own limits; without Redis, or while it is away, each process counts alone. What
#: was done when Redis goes is not undone for want of being counted: hence ``swallow_errors``.
limiter = Limiter(
    get_remote_address,
    in_memory_fallback_enabled=True,
    swallow_errors=True,
    headers_enabled=True,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Count in Redis where there is one, so that all processes count together."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url or "memory://"
    limiter.init_app(app)
