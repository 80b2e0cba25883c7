"""An SMTP server on a free loopback port that keeps what it takes, and refuses when told to."""

from __future__ import annotations

import email
import email.policy
import logging
import ssl
from base64 import b64decode
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.servers.certificates import Certificate
from tests.servers.ports import free_port
from tests.servers.service import PATIENCE, Service

#: The connection is closed without a word.
HANG_UP = "hang up"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail that was taken."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail, parsed."""
        mail = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    @property
    def text(self) -> str:
        """What its reader sees."""
        body = self.mail.get_body(("plain",))
        return str(body.get_content()) if body else ""


class SmtpSink(Service):
    """Use with ``with``. ``refuse`` plans what the next commands are answered with.

    With a ``certificate`` it speaks TLS, from the first byte on or, ``starttls``, after a plain
    beginning. ``token`` is one that XOAUTH2 lets ``user`` in with.
    """

    user = "plaintes"
    password = "p/w"

    def __init__(
        self,
        *,
        login: bool = False,
        certificate: Certificate | None = None,
        starttls: bool = False,
        token: str = "",
    ) -> None:
        self.taken: list[Envelope] = []
        #: The other ends of those over which a mail was begun.
        self.connections: set[tuple[str, int]] = set()
        self._planned: dict[str, deque[str]] = {"MAIL": deque(), "RCPT": deque(), "DATA": deque()}
        sink = self

        class Handler:
            handle_MAIL = self._begin  # noqa: N815  # the library calls it so

            async def handle_RCPT(  # noqa: N802  # the library calls it so
                self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
            ) -> str:
                if answer := sink._next("RCPT"):
                    return answer
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(  # noqa: N802  # the library calls it so
                self, _server: Any, _session: Any, envelope: Any
            ) -> str:
                if answer := sink._next("DATA"):
                    return answer
                sink.taken.append(
                    Envelope(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content)
                )
                return "250 OK"

            async def auth_XOAUTH2(self, server: Any, arguments: list[str]) -> AuthResult:  # noqa: N802
                said = b64decode(arguments[1]).decode()
                good = said == f"user={sink.user}\1auth=Bearer {token}\1\1"
                if not good:
                    # What is wrong is said in a challenge, and its answer says nothing.
                    await server.challenge_auth('{"status":"401"}')
                return AuthResult(success=good, handled=False)

        options: dict[str, Any] = {"enable_SMTPUTF8": True, "decode_data": False}
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.file, certificate.key)
            options |= {"tls_context" if starttls else "ssl_context": context}
        if login or token:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": False,
            }
        self._login = login
        self.port = free_port()
        self._controller = Controller(
            Handler(), hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE, **options
        )

    @property
    def url(self) -> str:
        """For SMTP_URL."""
        who = f"{self.user}:p%2Fw@" if self._login else ""
        return f"smtp://{who}127.0.0.1:{self.port}"

    def start(self) -> None:
        # The server at the other end writes addresses into its log; that log is not ours.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()

    def refuse(self, answer: str, at: str = "RCPT") -> None:
        """Give this answer (``450 4.2.1 mailbox busy``, or HANG_UP) to the next MAIL, RCPT or
        DATA; only MAIL can hang up."""
        self._planned[at].append(answer)

    async def _begin(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if answer := self._next("MAIL"):
            if answer == HANG_UP:
                server.transport.close()
            return answer
        self.connections.add(session.peer)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    def _next(self, command: str) -> str | None:
        planned = self._planned[command]
        return planned.popleft() if planned else None

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        known = LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=data == known, handled=False)
