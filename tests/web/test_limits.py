"""Limits hold while Redis is away, and never undo what was done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Response

from gateway.models import Message
from gateway.web.current import KEY
from gateway.web.limits import limiter
from tests.gateway.messages_in import rows
from tests.servers.redis import RedisServer
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, payload


@pytest.fixture(autouse=True)
def _there_again() -> Iterator[None]:
    """All applications of this process share the limiter, which remembers that Redis went."""
    yield
    limiter._storage_dead = False


def test_a_form_that_was_stored_when_redis_went_is_a_success(make_app: MakeApp) -> None:
    """Redis goes between the form's commit and its being counted; so does the next one without."""
    with RedisServer() as redis:
        app = make_app(REDIS_URL=redis.url)

        @app.after_request
        def stop(response: Response) -> Response:
            if response.status_code == 303:
                redis.kill()
            return response

        for _ in range(2):
            citizen = Citizen(app)
            assert citizen.send("/fr/submit", payload("french")).status_code == 303
    assert len(rows(app.extensions[KEY], Message)) == 2


def test_each_process_limits_alone_while_redis_is_away(make_app: MakeApp) -> None:
    with RedisServer() as redis:
        app = make_app(REDIS_URL=redis.url)
        redis.kill()
        citizen = Citizen(app)
        statuses = [citizen.get("/fr/verify?code=wrong").status_code for _ in range(21)]
    assert statuses == [422] * 20 + [429]
