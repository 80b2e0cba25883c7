"""The commands that run until stopped: serve, work, poll."""

from __future__ import annotations

import os
import signal
from threading import Event

import click

from channels.base import BadSetting, Pulled
from gateway import work as working
from gateway.commands.intake import intake
from gateway.commands.opening import console, opened, plainly, settings
from gateway.metrics import open_page
from gateway.serve import serve as serving
from gateway.settings import load


@click.command()
@click.option(
    "--demo",
    is_flag=True,
    help="Open the simulator where SIMULATOR is unset, the address is local and no Redis is used.",
)
def serve(demo: bool) -> None:
    """Answer HTTP; without REDIS_URL, do all the work too."""
    working.leave_when_asked()
    with plainly():
        serving(settings(_demo() if demo else None), console)


@click.command()
def work() -> None:
    """Process, fetch and deliver, as an RQ worker. Needs REDIS_URL."""
    working.leave_when_asked()
    with opened(patiently=True) as house:
        if house.settings.embedded:
            raise BadSetting("REDIS_URL", "is unset, so the serving process does the work itself")
        open_page(house.settings)
        working.work(house)


@click.command()
def poll() -> None:
    """Take in mail, and Telegram without a webhook, until stopped."""
    working.leave_when_asked()
    stop = Event()
    with opened(patiently=True) as house:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        open_page(house.settings)
        pulled = [name for name, adapter in house.channels.items() if isinstance(adapter, Pulled)]
        if not pulled:
            # Not an error: a Procfile starts this process whether or not a channel wants it.
            console.print("No channel needs polling: set IMAP_URL, or TELEGRAM_MODE=polling.")
            stop.wait()
        with intake(console) as progress:
            working.poll(house, pulled, stop, progress)


def _demo() -> dict[str, str]:
    """The environment, with the simulator open where that is harmless and not decided already."""
    environ = dict(os.environ)
    if environ.get("SIMULATOR"):
        return environ
    plain = load(environ)
    harmless = plain.embedded and not plain.is_public
    return {**environ, "SIMULATOR": "1"} if harmless else environ
