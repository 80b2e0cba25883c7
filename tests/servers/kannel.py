"""A Kannel of our own, with the fake mobile network that comes with it: both on loopback."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tests.fakes.sms import PASSWORD, SENDER, TOKEN, USER
from tests.servers.ports import free_port
from tests.servers.service import PATIENCE, Service

_FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
#: What a telephone's log says of a text that came.
_GOT = re.compile(r"Got message \d+: <\S+ \S+ (\S+) (.*)>")

_CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = admin
admin-interface = "127.0.0.1"
smsbox-port = {box}
smsbox-interface = "127.0.0.1"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
sms-combine-concatenated-mo = false
log-file = "{folder}/bearerbox.log"
log-level = 0

group = smsc
smsc = fake
smsc-id = FAKE
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {sendsms}
sendsms-interface = "127.0.0.1"
mo-recode = true
log-file = "{folder}/smsbox.log"
log-level = 0
http-request-retry = 5
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
omit-empty = true
max-messages = 0
get-url = "{hook}?token={token}&from=%p&to=%P&text=%b&charset=%C&smsc=%i&id=%I&udh=%u"
"""


class KannelServer(Service):
    """Use with ``with``. Citizens' texts go to ``hook``, which is an address of ours."""

    def __init__(self, hook: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="guichet-kannel-"))
        self._running: list[subprocess.Popen[bytes]] = []
        self._on: subprocess.Popen[bytes] | None = None
        self._serviced = 0
        self._smsc, self._sendsms = free_port(), free_port()
        self._configuration = _CONFIGURATION.format(
            admin=free_port(),
            box=free_port(),
            smsc=self._smsc,
            sendsms=self._sendsms,
            folder=self._folder,
            user=USER,
            password=PASSWORD,
            hook=hook,
            token=TOKEN,
        )

    @property
    def environ(self) -> dict[str, str]:
        """The settings that lead an adapter here."""
        return {
            "SMS_PROVIDER": "kannel",
            "SMS_URL": f"http://127.0.0.1:{self._sendsms}/cgi-bin/sendsms",
            "SMS_USER": USER,
            "SMS_PASSWORD": PASSWORD,
            "SMS_TOKEN": TOKEN,
            "SMS_SENDER": SENDER,
        }

    def start(self) -> None:
        file = self._folder / "kannel.conf"
        file.write_text(self._configuration)
        self._run("/usr/sbin/bearerbox", "-v", "4", str(file))
        _wait_for(self._smsc)
        self._run("/usr/sbin/smsbox", "-v", "4", str(file))
        _wait_for(self._sendsms)

    def close(self) -> None:
        for process in reversed(self._running):
            process.kill()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def text(self, sender: str, text: str) -> None:
        """A citizen's telephone sends a text in UCS-2, stays on, and gets what is sent."""
        self._phone(f"{sender} {SENDER} ucs2 {_escaped(text.encode('utf-16-be'))}")

    def text_in_pieces(self, sender: str, *pieces: str) -> None:
        """The same of a long text in GSM letters, each piece alone and the last one first."""
        for n, piece in reversed(list(enumerate(pieces, 1))):
            head = _escaped(bytes([5, 0, 3, 0x2A, len(pieces), n]))
            self._phone(f"{sender} {SENDER} udh-text {head} {piece}")
            self._wait_for_service()

    def delivered(self) -> list[str]:
        """The texts that telephones got."""
        return [
            unquote_to_bytes(octets.replace("+", " ")).decode("utf-16-be")
            if kind.endswith("ucs-2")
            else octets
            for log in self._folder.glob("phone-*.log")
            for kind, octets in _GOT.findall(log.read_text("utf-8", "replace"))
        ]

    def _phone(self, line: str) -> None:
        """Switch a telephone on. The fake network has room for one: the one before goes off."""
        if self._on is not None:
            self._on.kill()
            self._on.wait()
        command = [_FAKESMSC, "-H", "127.0.0.1", "-r", str(self._smsc), "-m", "1", line]
        with (self._folder / f"phone-{len(self._running)}.log").open("wb") as log:
            self._on = subprocess.Popen(command, stdout=log, stderr=log)
        self._running.append(self._on)
        self._serviced = self._services()

    def _wait_for_service(self) -> None:
        """Return when Kannel has taken the message of the telephone that is on."""
        until = time.monotonic() + PATIENCE
        while self._services() <= self._serviced and time.monotonic() < until:
            time.sleep(0.05)

    def _services(self) -> int:
        log = self._folder / "smsbox.log"
        return log.read_text("utf-8", "replace").count("Starting to service")

    def _run(self, *command: str) -> None:
        self._running.append(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )


def _escaped(octets: bytes) -> str:
    return "".join(f"%{octet:02x}" for octet in octets)


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
