"""A Dovecot of our own on a free loopback port: real IMAP that can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from tests.servers.certificates import Certificate
from tests.servers.ports import free_port
from tests.servers.service import PATIENCE, Service
from tests.servers.tokens import Tokens

_BINARY = "/usr/sbin/dovecot"
_CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
instance_name = guichet-{port}
protocols = imap
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain login {oauth2}
log_path = {base}/dovecot.log
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{base}/mail/%u
mail_max_userip_connections = 200
{capability}
{tokens}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/passwd
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
"""


_TLS = """ssl = yes
ssl_cert = <{certificate.file}
ssl_key = <{certificate.key}"""
_TOKENS = """passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {base}/oauth2.conf
}}"""
_OAUTH2 = """introspection_mode = get
introspection_url = {url}
username_attribute = email
"""


def is_installed() -> bool:
    """Whether this machine has Dovecot's IMAP server, and lets us run it (it wants root)."""
    return Path(_BINARY).exists() and os.geteuid() == 0


class Dovecot(Service):
    """Use with ``with``. ``capability`` replaces what the server says that it can do, with a
    ``certificate`` it speaks TLS too, and ``tokens`` let people in by XOAUTH2.

    The mails lie in a folder of its own, so that they outlive ``kill``.
    """

    user = "plaintes"
    other_user = "reclamations"
    password = "se/cr@t%"

    def __init__(
        self,
        capability: str | None = None,
        certificate: Certificate | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._base = Path(tempfile.mkdtemp(prefix="guichet-dovecot-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._delivered = 0
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        config = _CONFIG.format(
            base=self._base,
            port=self.port,
            tls_port=self.tls_port,
            capability=f"imap_capability = {capability}" if capability else "",
            tls=_TLS.format(certificate=certificate) if certificate else "ssl = no",
            oauth2="xoauth2" if tokens else "",
            tokens=_TOKENS.format(base=self._base) if tokens else "",
        )
        (self._base / "dovecot.conf").write_text(config)
        if tokens:
            (self._base / "oauth2.conf").write_text(_OAUTH2.format(url=tokens.url))
        users = (self.user, self.other_user)
        passwords = "".join(f"{user}:{{PLAIN}}{self.password}\n" for user in users)
        (self._base / "passwd").write_text(passwords)
        for name in ("run", "state", "mail"):
            (self._base / name).mkdir()
        # Its processes that read mail run as another user, who must reach the folder.
        self._base.chmod(0o755)
        mail = pwd.getpwnam("mail")
        os.chown(self._base / "mail", mail.pw_uid, mail.pw_gid)

    @property
    def url(self) -> str:
        """For IMAP_URL."""
        return self.url_of(self.user)

    def url_of(self, user: str) -> str:
        """For IMAP_URL: this user's mailbox."""
        return f"imap://{user}:se%2Fcr%40t%25@127.0.0.1:{self.port}/INBOX"

    @property
    def is_running(self) -> bool:
        """Whether it was started and not killed since."""
        return self._process is not None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._base, ignore_errors=True)

    def start(self) -> None:
        """Start it and return once it answers."""
        self._process = subprocess.Popen(
            [_BINARY, "-F", "-c", str(self._base / "dovecot.conf")],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 5),
            ):
                return
            time.sleep(0.02)
        raise RuntimeError((self._base / "dovecot.log").read_text())

    def kill(self) -> None:
        """End it and every process of its own as by a power cut."""
        process, self._process = self._process, None
        if process is None:
            return
        # Stopped first: the master would replace the children that it sees die.
        process.send_signal(signal.SIGSTOP)
        for child in [*_children(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()
        # A restart of the machine clears these too.
        shutil.rmtree(self._base / "run")
        (self._base / "run").mkdir()

    def revive(self) -> None:
        """Start it unless it runs."""
        if self._process is None:
            self.start()

    def clear(self) -> None:
        """Take every mail away."""
        for user in (self.user, self.other_user):
            with self.client(user) as client:
                for _flags, _delimiter, folder in client.list_folders():
                    client.select_folder(folder)
                    if mails := client.search("ALL"):
                        client.delete_messages(mails, silent=True)
                        client.expunge()

    def client(self, user: str = user) -> IMAPClient:
        """A connection that is logged in, for a test that looks or puts mail there."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False)
        client.login(user, self.password)
        return client

    def put(self, *mails: bytes, user: str = user, at: datetime | None = None) -> None:
        """Lay mails into the inbox, as if they had come at this time."""
        with self.client(user) as client:
            for mail in mails:
                client.append("INBOX", mail, msg_time=at)

    def deliver(self, *mails: bytes) -> None:
        """Lay mails into the inbox as a mail server does: also while this one is down."""
        inbox = self._base / "mail" / self.user
        owner = pwd.getpwnam("mail")
        for folder in (inbox, *(inbox / name for name in ("tmp", "new", "cur"))):
            folder.mkdir(exist_ok=True)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        for mail in mails:
            self._delivered += 1
            name = f"{1_700_000_000 + self._delivered}.M{self._delivered}.test"
            (inbox / "tmp" / name).write_bytes(mail)
            os.chown(inbox / "tmp" / name, owner.pw_uid, owner.pw_gid)
            (inbox / "tmp" / name).rename(inbox / "new" / name)

    def count(self, folder: str = "INBOX", user: str = user) -> int:
        """How many mails a folder holds; 0 when there is no such folder."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return 0
            return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for line in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        found += [*_children(int(line)), int(line)]
    return found
