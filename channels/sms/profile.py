"""An SMS provider described by data: how it calls us, how we call it, and what its words mean."""

from __future__ import annotations

import tomllib
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from channels.base import BadSetting, DeliveryStatus

_FOLDER = Path(__file__).parent / "profiles"

#: Where in a provider's answer something is: names and positions, ``results.0.messageId``.
Place = str
Encoding = Literal["form", "json", "query"]


class Part(BaseModel):
    """Every table of a profile: a word that is not known is a mistake, not an extension."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Hmac(Part):
    """A signature with SMS_TOKEN as its key, over the body, or over the query string of a request
    that has none."""

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""


def _network(text: str) -> str:
    ip_network(text)
    return text


class Authentication(Part):
    """How the provider proves that a request is its own. All that is given here must hold."""

    #: The query parameter of our address that carries SMS_TOKEN.
    query_token: str | None = None
    #: The header that carries SMS_TOKEN.
    header_token: str | None = None
    #: ``Authorization: Basic`` with this user and SMS_TOKEN as the password.
    basic_user: str | None = None
    hmac: Hmac | None = None
    #: The provider's own addresses, single ones or networks.
    addresses: tuple[Annotated[str, AfterValidator(_network)], ...] = ()

    @property
    def proves(self) -> bool:
        """Whether anything at all is asked for."""
        return bool(self.model_dump(exclude_defaults=True))


class Acknowledgement(Part):
    """What the provider wants to hear."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: str = ""


class MessageFields(Part):
    """Where a message's facts are. ``from`` is a word of Python's, hence the alias."""

    id: Place
    sender: Place = Field(alias="from")
    text: Place
    to: Place | None = None
    #: The user data header in hexadecimal, or its three numbers one by one.
    udh: Place | None = None
    part_reference: Place | None = None
    part_total: Place | None = None
    part_number: Place | None = None


class Inward(Part):
    """How citizens' messages reach us. ``each`` is where a document keeps its list of them."""

    method: Literal["GET", "POST"] = "POST"
    encoding: Encoding = "form"
    each: Place | None = None
    fields: MessageFields
    answer: Acknowledgement = Acknowledgement()


class ReportFields(Part):
    """Where a delivery report's facts are."""

    id: Place
    status: Place
    code: Place | None = None


class Reporting(Part):
    """How delivery reports reach us. ``statuses`` puts the provider's words into ours; ``none``
    is a word that is no news. ``opted_out`` are codes of people who want no more."""

    method: Literal["GET", "POST"] = "POST"
    encoding: Encoding = "form"
    each: Place | None = None
    fields: ReportFields
    statuses: dict[str, DeliveryStatus | Literal["none"]]
    opted_out: tuple[str, ...] = ()
    answer: Acknowledgement = Acknowledgement()


class Leaving(Part):
    """How the provider tells that somebody told it to send them no more; ``from`` is where the
    document says who."""

    method: Literal["GET", "POST"] = "POST"
    encoding: Encoding = "form"
    each: Place | None = None
    sender: Place = Field(alias="from")
    answer: Acknowledgement = Acknowledgement()


class Outcome(Part):
    """What the body of a provider's 2xx says: ``good`` are the words for yes, ``later`` those
    for not now, ``opted_out`` those for never again; any other is a no."""

    path: Place
    good: tuple[str, ...]
    later: tuple[str, ...] = ()
    opted_out: tuple[str, ...] = ()


class Outward(Part):
    """The request that sends. Texts may hold ``{url} {user} {password} {sender} {token} {to}
    {to_digits} {text} {our_id} {report_url}``; ``id`` is where the answer keeps the message's
    id, absent for a provider that reports on ``{our_id}``."""

    method: Literal["GET", "POST"] = "POST"
    url: str
    encoding: Encoding = "form"
    headers: dict[str, str] = {}
    body: dict[str, Any]
    id: Place | None = None
    outcome: Outcome | None = None


class Check(Part):
    """A request that costs nothing and fails when the credentials are wrong."""

    method: Literal["GET", "POST"] = "GET"
    url: str
    headers: dict[str, str] = {}


class Profile(Part):
    """One provider."""

    name: str
    documentation: str
    url: str = ""
    authentication: Authentication
    inbound: Inward
    outbound: Outward
    report: Reporting | None = None
    stop: Leaving | None = None
    check: Check


def shipped() -> list[str]:
    """The names of the profiles that come with Guichet."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def find(named: str) -> Path | None:
    """The file of a profile that ships, or of one's own by its path."""
    if named in shipped():
        return _FOLDER / f"{named}.toml"
    return Path(named) if named.endswith(".toml") else None


@cache
def read(path: Path) -> Profile:
    """The profile in a file. Raises BadSetting that says where it is wrong."""
    try:
        profile = Profile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as unreadable:
        problem = f"{path} cannot be read ({type(unreadable).__name__})"
        raise BadSetting("SMS_PROVIDER", problem) from None
    except tomllib.TOMLDecodeError as wrong:
        raise BadSetting("SMS_PROVIDER", f"{path.name} is no TOML: {wrong}") from None
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadSetting("SMS_PROVIDER", f"{path.name}: {where}: {first['msg']}") from None
    if not profile.authentication.proves:
        problem = f"{path.name}: authentication: anybody could write in a citizen's name"
        raise BadSetting("SMS_PROVIDER", problem)
    return profile
