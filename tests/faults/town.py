"""Guichet as it is run at scale, and all that can happen to it: kills, cuts, and full disks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.faults.stepped import STEP_FILE
from tests.road.providers import World, world
from tests.road.running import Processes, eventually
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer

#: The places of the processes among the commands.
WEB, POLLER, WORKERS = 0, 1, (2, 3)
_COMMANDS = ("serve", "poll", "work", "work")


@dataclass
class Town:
    """Everything that runs, and a die whose seed is told."""

    world: World
    postgres: Postgres
    redis: RedisServer
    guichet: Processes
    folder: Path
    dice: random.Random
    #: How often a process that may have been calling a provider was killed.
    kills: int = field(default=0)

    @property
    def database(self) -> str:
        """Where the rows are."""
        return self.guichet.environ["DATABASE_URL"]

    @property
    def disk(self) -> Path:
        """Where the files are."""
        return self.folder / "disk"

    def kill(self, *places: int) -> None:
        """End processes at whatever they are doing, and start them again."""
        self.guichet.kill(*places)
        self.kills += sum(place in WORKERS for place in places)
        self.guichet.start()

    @contextmanager
    def without_postgres(self) -> Iterator[None]:
        """PostgreSQL is stopped as by a power cut."""
        self.postgres.stop("immediate")
        try:
            yield
        finally:
            self.postgres.start()

    def cut(self) -> None:
        """End every connection of ours to PostgreSQL."""
        self._as_admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> pg_backend_pid()",
            self._name,
        )

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """PostgreSQL answers and takes nothing, as a standby does."""
        alter = f'ALTER DATABASE "{self._name}" SET default_transaction_read_only'
        self._as_admin(f"{alter} = on")
        self.cut()
        try:
            yield
        finally:
            self._as_admin(f"{alter} = off")
            self.cut()

    @contextmanager
    def without_redis(self) -> Iterator[None]:
        """Redis is gone, and has forgotten everything when it comes back."""
        self.redis.kill()
        try:
            yield
        finally:
            self.redis.start()

    @contextmanager
    def silent_redis(self) -> Iterator[None]:
        """Redis takes connections and says nothing."""
        os.kill(self.redis.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.redis.pid, signal.SIGCONT)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Nothing more can be written where the files are."""
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as out, suppress(OSError):
            while out.write(b"\0" * 4096):
                pass
        try:
            yield
        finally:
            ballast.unlink()

    def step(self, seconds: float) -> None:
        """Set the clock of Guichet's machine wrong by so much."""
        # A leap ends every claim at once, as a kill does.
        self.kills += 1
        new = self.folder / "step.new"
        new.write_text(str(seconds), encoding="ascii")
        new.replace(self.folder / "step")

    @property
    def _name(self) -> str:
        return str(conninfo_to_dict(self.database)["dbname"])

    def _as_admin(self, statement: str, *values: str) -> None:
        elsewhere = make_conninfo(self.database, dbname="postgres")
        with psycopg.connect(elsewhere, autocommit=True) as connection:
            connection.execute(statement.encode(), values or None)


@contextmanager
def town(
    folder: Path,
    seed: int,
    *,
    telegram: str = "webhook",
    stepped: bool = False,
    disk_mb: int = 4,
) -> Iterator[Town]:
    """All of it, running: a web process, a poller, two workers and what they need."""
    module = "tests.faults.stepped" if stepped else "gateway"
    commands = [f"python -m {module} {command}" for command in _COMMANDS]
    (folder / "step").write_text("0", encoding="ascii")
    with (
        world() as outside,
        Postgres() as postgres,
        RedisServer() as redis,
        _disk(folder, disk_mb) as disk,
    ):
        environ = {
            **outside.environ,
            "DATABASE_URL": postgres.database(),
            "REDIS_URL": redis.url,
            "ATTACHMENTS_URL": f"file:{disk}",
            "TELEGRAM_MODE": telegram,
            "TELEGRAM_CHAT_PER_SECOND": "1000",
            "POLL_SECONDS": "1",
            # So that each visitor of the form comes from an address of their own.
            "PROXIES": "1",
            STEP_FILE: str(folder / "step"),
        }
        guichet = Processes(folder, environ, *commands)
        assert guichet.command("init-db").returncode == 0
        with guichet:
            yield Town(outside, postgres, redis, guichet, folder, random.Random(seed))


def can_mount() -> bool:
    """Whether this machine lets us make a small disk."""
    return os.geteuid() == 0 and Path("/proc/mounts").exists()


@contextmanager
def _disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A small disk of its own where the machine allows it, else a folder of the large one."""
    disk = folder / "disk"
    disk.mkdir()
    if not can_mount():
        yield disk
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "guichet", str(disk)]
    subprocess.run(mount, check=True)
    try:
        yield disk
    finally:
        eventually(lambda: _unmounted(disk), "the end of the disk")


def _unmounted(disk: Path) -> bool:
    return subprocess.run(["umount", str(disk)], check=False, capture_output=True).returncode == 0
