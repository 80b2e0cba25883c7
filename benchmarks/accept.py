"""Durable signed webhooks a second, beside what the database commits and the server answers."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from itertools import count
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.rows import Row, Table
from benchmarks.surge.load import send
from benchmarks.surge.texts import complaint, posts, webhooks
from gateway.store import Store
from tests.servers.postgres import Postgres

MESSAGES, SECONDS, CLIENTS = 3_000, 5, 8

#: One message as Guichet stores it, but for what pgbench and SQLite call their parameter.
_INSERT = (
    "INSERT INTO messages (channel, account, external_id, reference, sender, text, in_reply_to, "
    "hints, raw, raw_sha256, received_at, accepted_at, state, due_at, tries) VALUES "
    "('sms', 'AC0123456789abcdef0123456789abcdef', 'SM' || {n}, 'SM' || {n}, '+212600000000', "
    "'{text}', '[]', '{{}}', '{raw}', '{sha256}', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'done', "
    "CURRENT_TIMESTAMP, 0)"
)


def run(bench: Bench) -> list[Row]:
    """Measure on both databases. No worker runs: what was accepted waits."""
    table = Table()
    with (
        tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder,
        Postgres(durable=True) as postgres,
        House(Path(folder, "server"), "web with an empty view", postgres=postgres) as server,
        House(Path(folder, "file"), "web") as file,
    ):
        bare, rows = _database(postgres.database()), _file(Path(folder, "bare.db"))
        firsts = count(0, 1_000_000)
        for house, name in ((server, "PostgreSQL"), (file, "SQLite")):
            _webhooks(bench, Table(), house, name, next(firsts))
        for _ in bench.rounds():
            _webhooks(bench, table, server, "PostgreSQL", next(firsts))
            _commits(bench, table, postgres, bare)
            _posts(bench, table, server)
            _webhooks(bench, table, file, "SQLite", next(firsts))
            _commits_to_a_file(bench, table, rows)
    of = "webhooks accepted, {}"
    table.ratio("of what PostgreSQL commits", of.format("PostgreSQL"), "commits, PostgreSQL")
    table.ratio("of what SQLite commits", of.format("SQLite"), "commits, SQLite")
    table.ratio("of what the server answers", of.format("PostgreSQL"), "empty POST", at_least=0.30)
    return table.rows()


def _webhooks(bench: Bench, table: Table, house: House, database: str, first: int) -> None:
    messages = bench.many(MESSAGES)
    requests = [request for _, request in webhooks(house.hook, messages, first)]
    bench.step(f"webhooks, {database}")
    with bench.measured(house.pids) as cpu:
        rate = send([house.port], requests).rate
    table.add(f"webhooks accepted, {database}", rate, "/s", cpu=cpu, messages=messages)


def _posts(bench: Bench, table: Table, house: House) -> None:
    messages = bench.many(MESSAGES)
    bench.step("empty POST")
    with bench.measured(house.pids) as cpu:
        rate = send([house.port], posts(f"{house.running.url}/empty", messages)).rate
    table.add("empty POST", rate, "/s", cpu=cpu, messages=messages)


def _commits(bench: Bench, table: Table, postgres: Postgres, url: str) -> None:
    """What pgbench gets from the same server: a row of the same shape a commit."""
    seconds = 1 if bench.short else SECONDS
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set n random(1, 9000000000000000)\n{_statement(':n')};\n")
        script.flush()
        command = ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2"]
        command += ["-T", str(seconds), "-f", script.name, url]
        bench.step("commits, PostgreSQL")
        with bench.measured({"PostgreSQL": postgres.pid}) as cpu:
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = _found(r"tps = ([\d.]+)", told)
    messages = int(_found(r"transactions actually processed: (\d+)", told))
    table.add("commits, PostgreSQL", rate, "/s", cpu=cpu, messages=messages)


def _commits_to_a_file(bench: Bench, table: Table, file: Path) -> None:
    """What one writer gets from SQLite, with each commit on the disk."""
    commits = bench.many(MESSAGES)
    bench.step("commits, SQLite")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        statement, first = _statement("?1"), time.time_ns()
        with bench.measured({}) as cpu:
            began = time.monotonic()
            for n in range(first, first + commits):
                connection.execute(statement, (n,))
            rate = commits / (time.monotonic() - began)
    table.add("commits, SQLite", rate, "/s", cpu={"SQLite": cpu["load"]}, messages=commits)


def _statement(parameter: str) -> str:
    return _INSERT.format(n=parameter, text=complaint(0), raw="x" * 400, sha256="0" * 64).replace(
        "'''", "''"
    )


def _database(url: str) -> str:
    store = Store(url)
    store.migrate()
    store.close()
    return url


def _file(path: Path) -> Path:
    _database(f"sqlite:///{path}")
    return path


def _found(pattern: str, told: str) -> float:
    found = re.search(pattern, told)
    if found is None:
        raise SystemExit(f"pgbench said:\n{told}")
    return float(found[1])
