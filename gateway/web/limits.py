"""How often one address may do what can be abused: guess at cases, send forms."""

from __future__ import annotations

from contextlib import suppress
from time import time

from flask import Flask, Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from redis.exceptions import RedisError

from gateway.settings import Settings

#: Views name their own limits; without Redis, or while it is away, each process counts alone. What
#: was done when Redis goes is not undone for want of being counted: hence ``swallow_errors``.
limiter = Limiter(
    get_remote_address,
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Count in Redis where there is one, so that all processes count together."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url or "memory://"
    limiter.init_app(app)
    app.after_request(_when_again)


def _when_again(response: Response) -> Response:
    """Tell whoever is refused when to come again. The library would tell everybody, and ask Redis
    twice more for each request."""
    limit = limiter.current_limit
    if response.status_code == 429 and limit is not None:
        with suppress(RedisError):
            response.headers["Retry-After"] = str(max(1, int(limit.reset_at - time())))
    return response
