"""A PostgreSQL of our own on a free loopback port, that can be killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg

from tests.servers.memory import in_memory
from tests.servers.ports import free_port
from tests.servers.service import PATIENCE, Service

#: Until it has begun, or ended.
_WAIT = ("--wait", f"--timeout={PATIENCE:.0f}")


class Postgres(Service):
    """Use with ``with``. Each ``database()`` is a new, empty one. ``durable`` makes each commit
    wait for the disk, as a real one does; tests need not, and live in memory where there is some.
    ``host`` is where it listens.
    """

    def __init__(self, *, durable: bool = False, host: str = "127.0.0.1") -> None:
        self._durable = durable
        self._host = host
        self._binaries = max(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
        )
        place = None if durable else in_memory()
        self._base = Path(tempfile.mkdtemp(prefix="guichet-postgres-", dir=place))
        self._port = free_port()
        self._made = 0

    def __enter__(self) -> Self:
        # PostgreSQL refuses to run as root; Debian's package brings a user for it.
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._base, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "--auth=trust", "--username=guichet", "--encoding=UTF8", "--no-sync")
        with (self._base / "data" / "pg_hba.conf").open("a") as allowed:
            allowed.write("host all all samenet trust\n")
        return super().__enter__()

    def close(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._base, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process that all its others come from."""
        return int((self._base / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = (
            f"-c port={self._port} -c listen_addresses={self._host} "
            f"-c fsync={'on' if self._durable else 'off'} "
            f"-c unix_socket_directories={self._base} -c max_connections=200"
        )
        self._run("pg_ctl", *_WAIT, f"--log={self._base}/log", f"--options={options}", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` is what a power cut does."""
        self._run("pg_ctl", *_WAIT, f"--mode={mode}", "stop", check=False)

    def database(self, template: str = "template1") -> str:
        """Make a database, empty or the copy of another one, and return its URL."""
        self._made += 1
        name = f"guichet_{self._made}"
        # Copying files is quicker than logging each page. Before version 15 there was nothing else.
        strategy = "STRATEGY file_copy" if int(self._binaries.parent.name) >= 15 else ""
        self._as_admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
        return self._url(name)

    def drop(self, url: str) -> None:
        """Take a database away, whoever still uses it."""
        self._as_admin(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def _as_admin(self, statement: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def restored(self, url: str, dump: Path) -> str:
        """Back a database up into a file, restore it as another one, and return its URL."""
        copy = self.database()
        for program, *arguments in (
            ["pg_dump", "--format=custom", f"--file={dump}", url],
            ["pg_restore", "--no-owner", f"--dbname={copy}", str(dump)],
        ):
            subprocess.run([self._binaries / program, *arguments], check=True)
        return copy

    def _url(self, name: str) -> str:
        return f"postgresql://guichet@{self._host}:{self._port}/{name}"

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._binaries / program), f"--pgdata={self._base}/data", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(
            command,
            check=check,
            cwd=self._base,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
