"""A small IMAP4rev1 server on loopback: the mailbox that the simulator's citizens write to."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime

from gateway.web.simulator.imap.folder import Account
from gateway.web.simulator.imap.session import LONGEST_LINE, Session


class ImapServer:
    """Serves one account on the event loop that it is started on, and is touched only there."""

    def __init__(self, user: str, password: str) -> None:
        self.account = Account(user, password)
        self.port = 0
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Listen on an ephemeral port of 127.0.0.1, which ``port`` is then."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST_LINE)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def deliver(self, raw: bytes) -> None:
        """Put a mail into INBOX, as a mail server does on arrival."""
        self.account.folders["INBOX"].add(raw, datetime.now(UTC))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._sessions.add(task)
            task.add_done_callback(self._sessions.discard)
        try:
            # A client that vanishes, or sends without end, loses its connection and nothing else;
            # and only close() cancels.
            with contextlib.suppress(OSError, EOFError, ValueError, asyncio.CancelledError):
                await Session(self.account, reader, writer).run()
        finally:
            writer.close()
