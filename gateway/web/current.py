"""The house behind the request at hand."""

from __future__ import annotations

from flask import current_app

from gateway.house import House

#: Under this name the application carries its house.
KEY = "guichet"


def house() -> House:
    """What the views of this request work with."""
    found: House = current_app.extensions[KEY]
    return found
