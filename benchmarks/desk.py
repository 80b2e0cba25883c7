"""The desk with 100,000 cases in PostgreSQL: ``python -m benchmarks.desk [CASES]``.

Each page is asked for as an agent of the busiest administration and as an administrator who sees
everything, eleven times; shown is the median server time from request to the last byte, audit line
and counts of all queues included. Needs PostgreSQL's programs; the server is started and removed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from gateway import clock
from gateway.app import create_app
from gateway.house import House
from gateway.logs import configure
from gateway.models import Case
from gateway.settings import load
from gateway.store import Store
from gateway.web.current import KEY
from tests.fakes.twilio import FROM, SID, TOKEN
from tests.many_cases import fill, phone
from tests.servers.postgres import Postgres
from tests.web.desk.worker import Worker, hire

SLUG = "health"
#: Stands for a number. The cases here are numbered one after another, so that it is looked for as
#: the beginning of many; real ones have check digits, and are found at once.
NUMBER = "000000000501"
LIMIT = 150
TIMES = 11

PAGES = (
    *(f"/desk/queues/{name}" for name in ("mine", "unassigned", "soon", "late", "awaiting")),
    "/desk/queues/reopened",
    "/desk/queues/arriving",
    "/desk/queues/triage",
    "/desk/queues/all",
    "/desk/queues/all?after=2026-12-01T00:00:00%2B00:00~500",
    "/desk/queues/all?status=closed&channel=sms&language=fr&kind=question",
    "/desk/queues/all?city=agadir&since=2026-01-01",
    "/desk/queues/all?q=مستشفى",
    "/desk/queues/all?q=hopital+coupure",
    "/desk/queues/late?q=la",
    "/desk/queues/all?q=introuvable",
    f"/desk/queues/all?q={phone(501)}",
    f"/desk/queues/all?q={NUMBER}",
    "/desk/audit",
)


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with Postgres() as server, tempfile.TemporaryDirectory() as folder:
        app = application(server.database(), Path(folder))
        house: House = app.extensions[KEY]
        agent, admin = hire(house, "agent", SLUG), hire(house, "admin")
        began = time.perf_counter()
        fill(house.store, [agent, admin], cases, clock.now())
        with house.store.read() as session:
            mine = session.scalar(
                select(func.count()).select_from(Case).where(Case.administration == SLUG)
            )
        print(f"{cases} cases ({mine} of {SLUG}) in {time.perf_counter() - began:.0f} s\n")
        print(f"{'milliseconds, median of ' + str(TIMES):64} agent  admin")
        slowest = 0.0
        workers = [browser(app, who.email) for who in (agent, admin)]
        for page in PAGES:
            spent = [median(worker, page) for worker in workers]
            slowest = max(slowest, *(one for one in spent if one is not None))
            shown = "  ".join("    -" if one is None else f"{one:5.1f}" for one in spent)
            print(f"{page:64} {shown}")
        print(f"\nslowest {slowest:.1f} ms of {LIMIT}: {'kept' if slowest <= LIMIT else 'BROKEN'}")
        house.close()


def application(url: str, folder: Path) -> Flask:
    """Guichet on this database, brought up to this version."""
    environ = {
        "DATABASE_URL": url,
        "SECRET_KEY": "for the benchmark only",
        "ATTACHMENTS_URL": f"file:{folder}/attachments",
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": FROM,
        "TWILIO_API_URL": "http://127.0.0.1:9",
    }
    configure("error")
    store = Store(url)
    store.migrate()
    store.close()
    return create_app(load(environ))


def browser(app: Flask, email: str) -> Worker:
    """Somebody of the staff who has logged in."""
    worker = Worker(app)
    worker.log_in(email)
    return worker


def median(worker: Worker, page: str, times: int = TIMES) -> float | None:
    """Milliseconds; None for a page that is not theirs."""
    if worker.get(page).status_code != 200:
        return None
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        worker.get(page)
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    main()
