"""The web process with one view more, which does nothing: ``python -m benchmarks.empty``.

What it costs is the server's, the framework's and our own share of every request.
"""

from __future__ import annotations

from unittest.mock import patch

from flask import Flask

from gateway.app import create_app
from gateway.cli import main
from gateway.settings import Settings
from gateway.web.pages import csrf


def empty() -> str:
    """Nothing."""
    return ""


def with_an_empty_view(settings: Settings | None = None) -> Flask:
    """The application, and POST /empty."""
    app = create_app(settings)
    app.add_url_rule("/empty", view_func=csrf.exempt(empty), methods=["POST"])
    return app


if __name__ == "__main__":
    with patch("gateway.serve.create_app", with_an_empty_view):
        main(["serve"])
