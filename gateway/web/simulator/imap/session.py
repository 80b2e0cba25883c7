"""One client's conversation with the simulated mail server (RFC 3501, 6851, 2177, 4315)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from gateway.web.simulator.imap.folder import Account, Folder, Message
from gateway.web.simulator.imap.grammar import (
    LITERAL,
    Malformed,
    Word,
    atom,
    quoted,
    within,
    words,
)
from gateway.web.simulator.imap.search import search

#: The longest command line, and the longest command with its literals, in bytes.
LONGEST_LINE = 64 * 1024
_LONGEST_COMMAND = 64 * 1024 * 1024

CAPABILITIES = b"IMAP4rev1 LITERAL+ IDLE MOVE UIDPLUS UNSELECT NAMESPACE ID"

#: May be given without, and with, a selected folder.
_ALWAYS = {"CAPABILITY", "NOOP", "LOGOUT", "ID", "LOGIN"}
_SELECTED = {"SEARCH", "FETCH", "STORE", "COPY", "MOVE", "EXPUNGE", "CLOSE", "UNSELECT", "CHECK"}


class Refused(Exception):
    """The command is well formed, and the answer to it is NO."""


class Session:
    """One client's connection."""

    def __init__(
        self, account: Account, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._account = account
        self._reader = reader
        self._writer = writer
        self._known = False
        self._folder: Folder | None = None
        self._read_only = False
        # What the client believes the folder to hold: sequence numbers count in this list.
        self._view: list[Message] = []

    async def run(self) -> None:
        """Answer commands until the client leaves."""
        self._say(b"* OK [CAPABILITY %s] The simulated mailbox is ready" % CAPABILITIES)
        leaving = False
        while not leaving:
            await self._writer.drain()
            line = await self._command()
            tag, _, rest = line.partition(b" ")
            name = rest.split(b" ", 1)[0].upper().decode("ascii", "replace")
            try:
                said = await self._obey(name, words(rest))
            except Malformed as why:
                self._say(tag + b" BAD " + str(why).encode())
            except Refused as why:
                self._say(tag + b" NO " + str(why).encode())
            else:
                self._say(tag + b" OK " + (said or b"%s completed" % name.encode()))
            leaving = name == "LOGOUT"
        await self._writer.drain()

    async def _command(self) -> bytes:
        """One command, with the literals that its lines announce."""
        command = b""
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            command += line.rstrip(b"\r\n")
            announced = LITERAL.search(command)
            if announced is None:
                return command
            size = int(announced[1])
            if len(command) + size > _LONGEST_COMMAND:
                raise EOFError
            if not announced[2]:
                self._say(b"+ go on")
                await self._writer.drain()
            command += b"\r\n" + await self._reader.readexactly(size)

    def _say(self, line: bytes) -> None:
        self._writer.write(line + b"\r\n")

    async def _obey(self, name: str, said: list[Word]) -> bytes | None:
        arguments, by_uid = said[1:], name == "UID"
        if by_uid:
            if not arguments:
                raise Malformed("UID of what?")
            name, arguments = atom(arguments[0]).upper().decode("ascii", "replace"), arguments[1:]
        if not self._known and name not in _ALWAYS:
            raise Refused("log in first")
        if name in _SELECTED and self._folder is None:
            raise Malformed("select a folder first")
        verb = getattr(self, f"_{name.lower()}", None) if name in _VERBS else None
        if verb is None:
            raise Malformed("that command is not known here")
        try:
            if name in _SELECTED:
                answer: bytes | None = verb(arguments, by_uid)
            else:
                spoken: Awaitable[bytes | None] | bytes | None = verb(arguments)
                answer = await spoken if isinstance(spoken, Awaitable) else spoken
        except IndexError:
            raise Malformed("an argument is missing") from None
        # Sequence numbers must not shift under a client that counts with them (7.4.1).
        if by_uid or name not in ("FETCH", "STORE", "SEARCH"):
            self._tell_changes()
        return answer

    def _tell_changes(self) -> None:
        """Say what came and went since the client last heard of the folder."""
        if self._folder is None:
            return
        for number in range(len(self._view), 0, -1):
            if self._view[number - 1].uid not in self._folder.messages:
                del self._view[number - 1]
                self._say(b"* %d EXPUNGE" % number)
        now = list(self._folder.messages.values())
        if len(now) != len(self._view):
            self._view = now
            self._say(b"* %d EXISTS" % len(now))

    # Any time

    def _capability(self, _: list[Word]) -> None:
        self._say(b"* CAPABILITY " + CAPABILITIES)

    def _noop(self, _: list[Word]) -> None:
        """The changes that follow every command are all that is asked for."""

    def _id(self, _: list[Word]) -> None:
        self._say(b'* ID ("name" "Guichet simulator")')

    def _logout(self, _: list[Word]) -> None:
        self._say(b"* BYE until next time")

    def _login(self, arguments: list[Word]) -> bytes:
        user, password = atom(arguments[0]), atom(arguments[1])
        self._known = hmac.compare_digest(user, self._account.user.encode()) and (
            hmac.compare_digest(password, self._account.password.encode())
        )
        if not self._known:
            raise Refused("[AUTHENTICATIONFAILED] wrong user or password")
        return b"[CAPABILITY %s] welcome" % CAPABILITIES

    # Folders

    def _namespace(self, _: list[Word]) -> None:
        self._say(b'* NAMESPACE (("" "/")) NIL NIL')

    def _list(self, arguments: list[Word]) -> None:
        asked = atom(arguments[1]).decode("utf-8", "replace")
        if not asked:
            self._say(b'* LIST (\\Noselect) "/" ""')
        for name in self._account.folders:
            if asked in ("*", "%") or _folder_name(asked) == name:
                self._say(b'* LIST (\\HasNoChildren) "/" ' + quoted(name))

    def _create(self, arguments: list[Word]) -> None:
        name = _folder_name(atom(arguments[0]).decode("utf-8", "replace").rstrip("/"))
        if name in self._account.folders or len(self._account.folders) > 50:
            raise Refused("[ALREADYEXISTS] there is such a folder, or there are too many")
        self._account.folders[name] = Folder()

    def _subscribe(self, arguments: list[Word]) -> None:
        self._named(arguments[0])

    def _status(self, arguments: list[Word]) -> None:
        folder = self._named(arguments[0])
        counts = {
            b"MESSAGES": len(folder.messages),
            b"RECENT": 0,
            b"UIDNEXT": folder.uidnext,
            b"UIDVALIDITY": folder.uidvalidity,
            b"UNSEEN": sum(b"\\Seen" not in m.flags for m in folder.messages.values()),
        }
        asked = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
        items = [atom(item).upper() for item in asked]
        if not counts.keys() >= set(items):
            raise Malformed("that status item is not kept here")
        told = b" ".join(b"%s %d" % (item, counts[item]) for item in items)
        name = quoted(atom(arguments[0]).decode("utf-8", "replace"))
        self._say(b"* STATUS %s (%s)" % (name, told))

    def _select(self, arguments: list[Word]) -> bytes:
        return self._open(arguments, read_only=False)

    def _examine(self, arguments: list[Word]) -> bytes:
        return self._open(arguments, read_only=True)

    def _open(self, arguments: list[Word], *, read_only: bool) -> bytes:
        # A failed SELECT leaves no folder selected (6.3.1).
        self._folder = None
        self._folder, self._read_only = self._named(arguments[0]), read_only
        self._view = list(self._folder.messages.values())
        self._say(rb"* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)")
        self._say(rb"* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] kept")
        self._say(b"* %d EXISTS" % len(self._view))
        self._say(b"* 0 RECENT")
        self._say(b"* OK [UIDVALIDITY %d] valid" % self._folder.uidvalidity)
        self._say(b"* OK [UIDNEXT %d] next" % self._folder.uidnext)
        return b"[READ-ONLY] open" if read_only else b"[READ-WRITE] open"

    def _append(self, arguments: list[Word]) -> bytes:
        folder, raw = self._named(arguments[0]), atom(arguments[-1])
        flags = arguments[1] if isinstance(arguments[1], list) else []
        uid = folder.add(raw, datetime.now(UTC), frozenset(atom(flag) for flag in flags))
        return b"[APPENDUID %d %d] kept" % (folder.uidvalidity, uid)

    def _named(self, word: Word) -> Folder:
        name = _folder_name(atom(word).decode("utf-8", "replace"))
        if (folder := self._account.folders.get(name)) is None:
            raise Refused("[NONEXISTENT] there is no such folder")
        return folder

    async def _idle(self, _: list[Word]) -> bytes:
        """Tell of changes as they happen, until the client says DONE (RFC 2177)."""
        bell = asyncio.Event()
        if self._folder is not None:
            self._folder.bells.add(bell)
        self._say(b"+ idling")
        done = asyncio.ensure_future(self._reader.readline())
        try:
            while not done.done():
                bell.clear()
                self._tell_changes()
                await self._writer.drain()
                ring = asyncio.ensure_future(bell.wait())
                await asyncio.wait({done, ring}, return_when=asyncio.FIRST_COMPLETED)
                ring.cancel()
        finally:
            done.cancel()
            if self._folder is not None:
                self._folder.bells.discard(bell)
        if not done.result():
            raise EOFError
        return b"IDLE completed"

    # Messages of the selected folder

    @property
    def _opened(self) -> Folder:
        assert self._folder is not None  # noqa: S101  # _obey refuses these verbs without one
        return self._folder

    def _chosen(self, word: Word, by_uid: bool) -> list[tuple[int, Message]]:
        highest = (self._view[-1].uid if self._view else 0) if by_uid else len(self._view)
        meant = within(atom(word), highest)
        numbered = enumerate(self._view, start=1)
        return [(n, message) for n, message in numbered if meant(message.uid if by_uid else n)]

    def _search(self, arguments: list[Word], by_uid: bool) -> None:
        found = search(arguments, self._view)
        numbers = b"".join(b" %d" % (message.uid if by_uid else n) for n, message in found)
        self._say(b"* SEARCH" + numbers)

    def _fetch(self, arguments: list[Word], by_uid: bool) -> None:
        asked = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
        items = [atom(item) for item in asked]
        if by_uid and b"UID" not in [item.upper() for item in items]:
            items.insert(0, b"UID")
        for number, message in self._chosen(arguments[0], by_uid):
            told = [message.told(item) for item in items]
            if not self._read_only and any(message.reads(item) for item in items):
                message.flags.add(b"\\Seen")
            self._say(b"* %d FETCH (%s)" % (number, b" ".join(told)))

    def _store(self, arguments: list[Word], by_uid: bool) -> None:
        if self._read_only:
            raise Refused("[READ-ONLY] the folder is open for reading only")
        action = atom(arguments[1]).upper()
        flags = arguments[2] if isinstance(arguments[2], list) else arguments[2:]
        change = _CHANGES.get(action.removesuffix(b".SILENT"))
        if change is None:
            raise Malformed("STORE knows FLAGS, +FLAGS and -FLAGS")
        for number, message in self._chosen(arguments[0], by_uid):
            message.flags = change(message.flags, {atom(flag) for flag in flags})
            if not action.endswith(b".SILENT"):
                told = b"UID %d FLAGS %s" % (message.uid, message.flag_list())
                self._say(b"* %d FETCH (%s)" % (number, told))

    def _copy(self, arguments: list[Word], by_uid: bool) -> bytes | None:
        chosen = [message for _, message in self._chosen(arguments[0], by_uid)]
        target = self._named(arguments[1])
        made = [target.add(m.raw, m.at, frozenset(m.flags)) for m in chosen]
        if not made:
            return None
        old, new = (b",".join(b"%d" % u for u in uids) for uids in ([m.uid for m in chosen], made))
        return b"[COPYUID %d %s %s] copied" % (target.uidvalidity, old, new)

    def _move(self, arguments: list[Word], by_uid: bool) -> None:
        chosen = [message.uid for _, message in self._chosen(arguments[0], by_uid)]
        if copied := self._copy(arguments, by_uid):
            self._say(b"* OK " + copied)
        self._opened.remove(chosen)

    def _expunge(self, arguments: list[Word], by_uid: bool) -> None:
        chosen = self._chosen(arguments[0] if by_uid else b"1:*", by_uid)
        self._opened.remove([m.uid for _, m in chosen if b"\\Deleted" in m.flags])

    def _close(self, arguments: list[Word], by_uid: bool) -> None:
        if not self._read_only:
            self._expunge([b"1:*"], by_uid=False)
        self._unselect(arguments, by_uid)

    def _unselect(self, _: list[Word], by_uid: bool) -> None:
        self._folder, self._view = None, []

    def _check(self, _: list[Word], by_uid: bool) -> None:
        """Nothing is written late here."""


_VERBS = (
    _ALWAYS
    | _SELECTED
    | {"NAMESPACE", "LIST", "CREATE", "SUBSCRIBE", "STATUS", "SELECT", "EXAMINE"}
    | {"APPEND", "IDLE"}
)

_CHANGES: dict[bytes, Callable[[set[bytes], set[bytes]], set[bytes]]] = {
    b"FLAGS": lambda old, given: given,
    b"+FLAGS": lambda old, given: old | given,
    b"-FLAGS": lambda old, given: old - given,
}


def _folder_name(said: str) -> str:
    """INBOX is the one name that is the same in any case (5.1)."""
    return "INBOX" if said.upper() == "INBOX" else said
