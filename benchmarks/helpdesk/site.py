"""django-helpdesk as an operator runs it: an environment of its own, PostgreSQL, two web processes
on the same server as Guichet's, and its command that reads the mailbox."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.road.running import eventually
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.service import Service

ROOT = Path(__file__).parents[2]
_REQUIREMENTS = Path(__file__).parent / "requirements.txt"
#: As many as Guichet has Python processes that answer and work.
_WEBS = 2
#: As THREADS of Guichet's own web process.
_THREADS = 16


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command took: seconds by the clock, and of CPU time."""

    seconds: float
    cpu: float


class Site(Service):
    """Use with ``with``."""

    def __init__(self, folder: Path, database: str, imap: Dovecot, smtp_port: int) -> None:
        self._python = _environment()
        self._imap = imap
        self.ports = [free_port() for _ in range(_WEBS)]
        where = urlsplit(database)
        self._environ = {
            "PATH": f"{self._python.parent}:{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "benchmarks.helpdesk.settings",
            "DATABASE_PORT": str(where.port),
            "DATABASE_NAME": where.path.strip("/"),
            "SMTP_PORT": str(smtp_port),
            "MEDIA_ROOT": str(folder),
        }
        self._webs: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Make its tables, and return once its web answers."""
        self._run("django", "migrate", "--verbosity=0")
        mailbox = (str(self._imap.port), self._imap.other_user, self._imap.password)
        self.token = self._run("benchmarks.helpdesk.begin", *mailbox).strip()
        for port in self.ports:
            command = ["waitress", f"--listen=127.0.0.1:{port}", f"--threads={_THREADS}"]
            self._webs.append(
                self._begin(*command, "--call", "django.core.wsgi:get_wsgi_application")
            )
        for port in self.ports:
            eventually(lambda port=port: _answers(port), "django-helpdesk")  # type: ignore[misc]  # the loop's own
        # The first mail of a run waits for nothing but Django's beginning.
        self._beginning = self._get_email()

    def close(self) -> None:
        """End its web processes."""
        for web in self._webs:
            web.terminate()
        for web in self._webs:
            web.wait(20)

    @property
    def pids(self) -> dict[str, int]:
        """Its web processes."""
        return {f"helpdesk {n}": web.pid for n, web in enumerate(self._webs, 1)}

    def get_email(self) -> Spent:
        """Read the mailbox, as cron would; without what Django's beginning takes."""
        spent = self._get_email()
        return Spent(spent.seconds - self._beginning.seconds, spent.cpu - self._beginning.cpu)

    def _get_email(self) -> Spent:
        began = time.monotonic()
        process = self._begin("django", "get_email", "--quiet")
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit("get_email failed")
        process.returncode = 0
        return Spent(time.monotonic() - began, used.ru_utime + used.ru_stime)

    def _begin(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(self._python), "-m", module, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self._environ, start_new_session=True)

    def _run(self, module: str, *arguments: str) -> str:
        command = [str(self._python), "-m", module, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environ, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout


def _environment() -> Path:
    """The Python of an environment with what ``requirements.txt`` pins; made once."""
    pinned = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = ROOT / "var" / "benchmarks" / f"helpdesk-{pinned}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run(
            [python, *install, "--require-hashes", "-r", _REQUIREMENTS],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        (folder / "installed").touch()
    return python


def _answers(port: int) -> bool:
    with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/tickets/submit/") as page:
        return bool(page.status == 200)
    return False
