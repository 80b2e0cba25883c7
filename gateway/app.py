"""The web application: every route there is, under one roof."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import clock
from gateway.house import House, build
from gateway.settings import Settings, load
from gateway.waiting import once_there
from gateway.web import hooks, limits, pages, trouble
from gateway.web.api import api
from gateway.web.current import KEY
from gateway.web.current import house as this_house
from gateway.web.desk import desk
from gateway.web.files import files
from gateway.web.health import health
from gateway.web.prompts import prompts
from gateway.web.simulator import Simulator

#: A form's file lands on disk, its fields in memory: those are what a citizen typed.
_TYPED = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The application for these settings, by default the environment's. Waits for a database that
    is away.

    Raises BadSetting, and SchemaOutdated for a database of another version.
    """
    settings = settings or load()
    simulator = Simulator(settings) if settings.simulator != "0" else None
    overlay = {}
    if simulator is not None:
        simulator.start()
        overlay = simulator.environ(settings.environ)
    house = build(settings, overlay)
    once_there(house.store, lambda: _begin(house))

    app = Flask(__name__, template_folder="web/templates", static_folder="web/static")
    app.extensions[KEY] = house
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=_TYPED,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
    )
    app.session_interface = _Sessions(settings.public_url)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.url_value_preprocessor(_bound)
    limits.init_app(app, settings)
    pages.init_app(app)
    for blueprint in (pages.pages, desk, files, api, health, prompts):
        app.register_blueprint(blueprint)
    for machine in (api, health):
        pages.csrf.exempt(machine)
    if simulator is not None:
        pages.csrf.exempt(simulator.blueprint)
        app.register_blueprint(simulator.blueprint)
        app.extensions["simulator"] = simulator
    trouble.init_app(app)
    app.after_request(_secured)
    front: Any = DispatcherMiddleware(app.wsgi_app, {hooks.PATH: hooks.Hooks(house)})
    if hops := settings.proxies:
        front = ProxyFix(front, x_for=hops, x_proto=hops)
    app.wsgi_app = front  # type: ignore[method-assign]  # Flask's documented way
    return app


def _begin(house: House) -> None:
    house.store.ensure_schema()
    house.store.announce(
        {name: adapter.addresses for name, adapter in house.channels.items()}, clock.now()
    )
    house.articles.begin(clock.now())


class _Sessions(SecureCookieSessionInterface):
    """Cookies that a browser sends over TLS only, wherever we are reached by our public address.

    An engineer who looks at the process behind the proxy, over plain HTTP, still gets a session.
    """

    def __init__(self, public_url: str) -> None:
        self._public = urlsplit(public_url)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """A visitor without any cookie, as every provider is, has nothing to be verified."""
        return super().open_session(app, request) if request.cookies else self.session_class()

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this request's answer may set only a secure cookie."""
        over_tls = self._public.scheme == "https" and request.host == self._public.netloc
        # Also where the proxy before us says so and tells another host than ours.
        return over_tls or request.is_secure


def _bound(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Hold a form without files to what one can type: werkzeug measures the fields of others."""
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = _TYPED


def _secured(response: Response) -> Response:
    """Headers that keep a browser from doing what our pages never ask of it."""
    # The simulator shows the form on one of its devices; nobody else shows us in a frame.
    framed = "'self'" if "simulator" in current_app.extensions else "'none'"
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy(framed, this_house().settings.map_tiles))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "SAMEORIGIN" if framed == "'self'" else "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(self), geolocation=(self)")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


@cache
def _policy(framed: str, tiles: str | None) -> str:
    """Everything comes from here, but for the map's pictures where there is a map."""
    pictures = f" https://{urlsplit(tiles).netloc}" if tiles else ""
    return (
        f"default-src 'self'; img-src 'self' data: blob:{pictures}; media-src 'self' blob:; "
        f"frame-ancestors {framed}; form-action 'self'; base-uri 'none'; object-src 'none'"
    )
