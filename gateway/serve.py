"""Serves HTTP in one process, with the working threads beside it on an embedded install."""

from __future__ import annotations

import logging
import os

import waitress
from rich.console import Console
from waitress import wasyncore

from channels.base import BadSetting
from gateway.app import create_app
from gateway.house import House
from gateway.settings import Settings
from gateway.web import hooks
from gateway.web.current import KEY
from gateway.web.dispatch import Dispatcher
from gateway.work import Threads

# In a surge it would say with every request that there is a line; the metrics tell how long.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)

#: Up to so many times what is taken, the pages themselves say that it is too much.
_TOLD_POLITELY = 4
#: A shorter answer, as every webhook's, is sent by waitress's own thread, in one piece. Else the
#: thread that made it sends its head and then its body, and waits for its turn after each.
_SENT_AT_ONCE = 1024


def serve(settings: Settings, console: Console) -> None:
    """Answer until told to stop; the batches in hand are finished then."""
    app = create_app(settings)
    house: House = app.extensions[KEY]
    sockets: dict[int, object] = {}
    dispatcher = Dispatcher(hooks.read_later(house))
    dispatcher.set_thread_count(settings.threads)
    try:
        server = waitress.create_server(
            app,
            # Not among its documented options: should it go, this says so at the start.
            _dispatcher=dispatcher,
            map=sockets,
            host=settings.host,
            port=settings.port,
            max_request_body_size=1024
            * 1024
            * max(settings.max_upload_mb * _TOLD_POLITELY, settings.large_upload_mb),
            channel_timeout=60,
            ident=None,
            # Waitress would take the proxies' word from the application, which knows how many of
            # them are ours.
            clear_untrusted_proxy_headers=not settings.proxies,
        )
    except ValueError:
        raise BadSetting("HOST", f"{settings.host} is no address of this machine") from None
    except OSError as taken:
        raise BadSetting(
            "PORT", f"{settings.port} cannot be used ({os.strerror(taken.errno or 0)})"
        ) from None
    # Not among its options, which are to lose this one: should it go, all is as it was.
    server.adj.send_bytes = _SENT_AT_ONCE
    threads = Threads(house) if settings.embedded else None
    if threads is not None:
        threads.start()
    _welcome(settings, console)
    try:
        server.run()
        # What its threads had in hand then is done, and still has to leave.
        wasyncore.loop(timeout=0.0, map=sockets, count=1)
    finally:
        server.close()
        if threads is not None:
            threads.stop()
        if simulator := app.extensions.get("simulator"):
            simulator.stop()
        house.close()


def _welcome(settings: Settings, console: Console) -> None:
    console.print(f"\n  [bold]Guichet[/bold] is open: {settings.public_url}")
    if settings.simulator != "0":
        console.print(f"  Try every channel: [bold]{settings.public_url}/simulator[/bold]")
        console.print(f"  Work as an agent:  [bold]{settings.public_url}/desk[/bold]")
    work = "in this process" if settings.embedded else "in the workers (python -m gateway work)"
    console.print(f"  Work is done {work}. Stop with Ctrl-C.\n")
