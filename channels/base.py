"""The types that cross the wire boundary and the protocols an adapter fulfils."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

#: What a delivery report can say of a message that we sent.
DeliveryStatus = Literal["sent", "delivered", "failed"]

#: How a channel names people: by phone number, by mailbox, or by an id of the channel's own.
AddressKind = Literal["tel", "mail", "telegram", "other"]

#: A sentence to a citizen: ``phrase(key, language, **facts)``; gateway/messages.py lists the keys.
Phrase = Callable[..., str]


class Rejected(Exception):
    """The request did not come from the provider: it is answered 403 and nothing is stored."""


class SendFailed(Exception):
    """The provider did not take a message.

    ``reason`` is for people who look after the case, so it names the provider's code and never
    the citizen's words or address. ``retry_after`` is in seconds. ``opted_out`` says that the
    citizen asked the provider to hear no more from us; ``moved_to`` that they are reached at
    another address from now on. ``unknown``: the provider may have taken it all the same, so it
    is tried once more and no oftener. ``everyone``: it is not this message's fault, and no other
    one gets through before ``retry_after``.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool,
        retry_after: float | None = None,
        opted_out: bool = False,
        moved_to: str | None = None,
        unknown: bool = False,
        everyone: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after = retry_after
        self.opted_out = opted_out
        self.moved_to = moved_to
        self.unknown = unknown
        self.everyone = everyone


class FetchFailed(Exception):
    """A file that the provider keeps for us could not be had."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable


class BadSetting(Exception):
    """A channel's setting cannot be used. ``name`` is the environment variable's."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the channel carried it: its bytes, or what the adapter needs to fetch them later.

    ``reference`` means something to the adapter that made it and to nobody else (a URL at the
    provider, a Telegram file id). ``filename`` and ``content_type`` are the sender's claims.
    """

    filename: str | None = None
    content_type: str | None = None
    content: bytes | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A point the citizen sent, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as the channel carried it, nothing interpreted yet.

    ``account`` is which of our numbers, bots or mailboxes received it; with the channel's name
    and ``external_id`` it makes the message unique. ``raw`` is the payload byte for byte.
    ``sender`` may be empty when ``in_reply_to`` names an earlier message that has one.

    ``hints`` are facts the wire knows beside the text. Those the gateway understands:

    ============== ==========================================================================
    language       BCP 47 tag that the citizen chose (a key on the phone, the form's language)
    ui_language    BCP 47 tag of the program they write with: believed only when nothing else tells
    intent         ``status`` or ``new`` when the citizen chose that by a key, not by words: how a
                   case stands, or to file one
    kind           complaint, suggestion, remark or question, as the citizen said
    administration slug that the citizen chose
    city           city that the citizen chose: its slug, its name or a postal code
    event          not a complaint, kept all the same: ``call-started``, ``not-understood``;
                   ``pin``: the text is the code for the case of ``in_reply_to``; ``transcript``:
                   it is what a machine heard in the recording of ``in_reply_to``
    auto           why this is a machine's mail and must not be answered (``auto-replied``)
    bounce         the same for a delivery failure
    message_id     the channel's own id of this message, which an answer to it should name
    thread         twelve digits of the case that a signed reply address of ours stands for
    text_format    ``html`` when ``text`` is HTML, ``mail`` when it is a plain mail body
    problem        why it could not be taken apart; the whole of it is then its one attachment
    opt_out        STOP, START or HELP when the provider itself has obeyed and answered that word
    part           ``reference/total/position`` of a piece of a long text: pieces become one
    pin            four digits that open a case together with its number
    spoken         its file is a recording of what they say, whatever type of file that is
    transcriber    name of the machine that wrote the text down, with event ``transcript``
    unheard        nobody listens to the HTTP answer any more: the number must be sent instead
    reply_mail     mailbox to answer to, on a channel that cannot answer itself
    reply_tel      phone to answer to, likewise
    on_behalf      ``1``: they say that they write for somebody else
    national_id    number of their identity card, where the deployment asks for it
    pressed        value of the button that was pressed; ``text`` is then its label
    own_tel        phone number that the provider vouches is the sender's own
    album          what joins the files that were sent together, each in a message of its own
    migrated_to    the address that the sender's chat has from now on, with event ``migrated``
    forwarded      somebody else wrote it, and the sender passes it on
    too_large      the file that came along is larger than the provider hands out
    reconciled     ``1``: its webhook was lost, and it was found in the provider's list
    ============== ==========================================================================

    Others are kept with the message.
    """

    external_id: str
    account: str
    sender: str
    text: str
    raw: bytes
    received_at: datetime
    sender_name: str | None = None
    subject: str | None = None
    in_reply_to: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says became of a message that we sent. ``provider_id`` is its own id."""

    provider_id: str
    account: str
    status: DeliveryStatus
    raw: bytes
    code: str | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to a citizen.

    ``choices`` are short answers they can pick, as (value, label): digits in an SMS, buttons in
    Telegram. ``number`` is the case's, twelve digits, so that mail can thread on it.
    ``in_reply_to`` and ``references`` are the channel's own ids of earlier messages, latest last.
    ``automatic`` says that a machine wrote it (an acknowledgement), not an agent. ``account`` is
    the ``Inbound.account`` that is answered: which of ours the citizen wrote to, if they did.
    ``asks`` is ``location`` or ``contact`` where the channel may offer a key that sends it.
    ``retires`` is the channel's id of an earlier message whose choices are over.
    """

    id: int
    to: str
    text: str
    language: str
    number: str | None = None
    subject: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = True
    account: str = ""
    asks: str = ""
    retires: str | None = None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """An HTTP request as an adapter sees it.

    ``path`` is what follows ``/hooks/<channel>`` (``""``, ``"/status"``). ``url`` is the address
    the provider called, built from ``PUBLIC_URL`` and never from the request's Host. Header names
    are lower-case. ``form`` keeps the order and repeats of the fields as sent; it is empty when
    the body is not a form.
    """

    method: str
    path: str
    url: str
    headers: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...]
    body: bytes
    received_at: datetime
    files: tuple[Attachment, ...] = ()
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one ``Inbound``: stored, perhaps not for the first time.

    ``number`` is the case's tracking number once it has one; only channels that declare
    ``speaks_number`` are processed before they answer, so it is None for the others, and for
    them too when processing failed and the number will follow. ``text`` is the acknowledgement
    in the citizen's language. ``over`` says that the case was answered or closed, so that its
    citizen may rate it or have it reopened.
    """

    message_id: int
    duplicate: bool = False
    number: str | None = None
    language: str | None = None
    text: str | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The HTTP answer to a provider."""

    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


class Notebook(Protocol):
    """What an adapter must remember between two requests of one conversation, such as a phone
    call. The gateway keeps it in its database for a day, so that any process can go on."""

    def read(self, key: str) -> Mapping[str, str]:
        """What was last written under a key; nothing for a new one."""
        ...

    def write(self, key: str, facts: Mapping[str, str]) -> None:
        """Keep ``facts`` instead of what was there. Keys begin with the channel's name."""
        ...


class Scratch:
    """A notebook that forgets when its process ends: for an adapter that is tried alone."""

    def __init__(self) -> None:
        self._pages: dict[str, Mapping[str, str]] = {}

    def read(self, key: str) -> Mapping[str, str]:
        return self._pages.get(key, {})

    def write(self, key: str, facts: Mapping[str, str]) -> None:
        self._pages[key] = dict(facts)


@dataclass(frozen=True, slots=True)
class Context:
    """What an adapter may know of the house.

    ``environ`` holds the settings by their documented names, ``NAME_FILE`` already read.
    ``phrase`` says sentences to citizens, ``public_url`` has no slash at its end, ``notes`` is
    where the steps of a conversation are remembered.
    """

    environ: Mapping[str, str]
    public_url: str
    phrase: Phrase
    notes: Notebook = field(default_factory=Scratch)


@runtime_checkable
class Channel(Protocol):
    """What every adapter is. Its class is made by ``from_context``, which answers None when the
    channel's credentials are not set and raises BadSetting when they cannot be used."""

    name: str
    addresses: AddressKind

    def send(self, message: Outbound) -> str:
        """Hand a message to the provider and return the provider's id, or raise SendFailed."""
        ...

    def check(self) -> str:
        """Ask the provider whether our credentials work; one line for people, or SendFailed."""
        ...


@runtime_checkable
class Pushed(Protocol):
    """The provider calls us."""

    speaks_number: bool

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        """Read one request. Raises Rejected when it is forged, and nothing else."""
        ...

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        """Say to the provider that all is stored."""
        ...


@runtime_checkable
class Pulled(Protocol):
    """We ask the provider."""

    def fetch(self) -> Iterator[Inbound | Report]:
        """Yield what waits, and return when nothing does. Raises FetchFailed when cut off."""
        ...

    def settle(self, inbound: Inbound | Report) -> None:
        """Tell the provider that this one is ours now. Called only after it is stored."""
        ...

    def wait(self, seconds: float) -> None:
        """Return when something may have come, or after so many seconds (IDLE, long polling)."""
        ...

    def close(self) -> None:
        """End the connection; the next fetch opens a new one."""
        ...


@runtime_checkable
class PulledTogether(Pulled, Protocol):
    """What waits comes several at a time; it is then stored with one commit, too."""

    def fetch_together(self) -> Iterator[Sequence[Inbound | Report]]:
        """What ``fetch`` yields, as it came together: few enough to hold in memory. The next are
        asked for when these are settled."""
        ...


@runtime_checkable
class Downloads(Protocol):
    """The provider keeps files for us until we fetch them."""

    def download(self, attachment: Attachment, limit: int) -> bytes:
        """The file behind ``attachment.reference``, at most ``limit`` bytes, or FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` messages within ``seconds``."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: the provider's id, or why it was not taken. ``seconds`` is how
    long the provider took to say so."""

    message: Outbound
    result: str | SendFailed
    seconds: float


#: Told what became of one message, or of several that became known at the same time.
Done = Callable[[Sequence[Outcome]], None]


@runtime_checkable
class SendsMany(Protocol):
    """The provider is quicker at several messages side by side than one after another.

    ``rate`` is how many it takes from us in all; None as many as there are.
    """

    rate: Rate | None

    def rate_to(self, address: str) -> Rate | None:
        """How many messages it takes to one address; None as many as there are."""
        ...

    def send_many(
        self, messages: Sequence[Outbound], done: Done, waits: Sequence[float] = ()
    ) -> None:
        """Hand messages over, those to one address in their order and none sooner than its
        seconds in ``waits``. ``done`` is told of each as soon as its outcome is known, before
        anything else goes to that address; a message it is not told of was not begun.
        """
        ...


@runtime_checkable
class NextDoor(SendsMany, Protocol):
    """It knows whether its provider answers at once, and keeps no pace towards an address."""

    def is_near(self) -> bool:
        """Whether it did, the last times."""
        ...


@runtime_checkable
class Reconciles(Protocol):
    """The provider keeps a list of what it handed us, and of what became of what we sent."""

    def missed(self, since: datetime) -> Iterator[Inbound]:
        """Every message that came to us since then, by the provider's list, whether we have it
        or not: the external ids are those of the webhooks. Raises FetchFailed."""
        ...

    def report(self, provider_id: str) -> Report | None:
        """What became of a message that we sent; None when there is no news of it. Raises
        FetchFailed."""
        ...
