"""The simulator: stands in for every provider that has no credentials, and shows both sides."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog
from flask import Blueprint

from gateway.settings import Settings
from gateway.web.simulator.acts import Deed
from gateway.web.simulator.exchange import Exchange
from gateway.web.simulator.journal import Journal
from gateway.web.simulator.mail import Mail
from gateway.web.simulator.people import Person
from gateway.web.simulator.providers import TELEGRAM, TWILIO, TelegramApi, TwilioApi
from gateway.web.simulator.telegram import Telegram
from gateway.web.simulator.twilio import NUMBER, Account, Texts
from gateway.web.simulator.views import Views
from gateway.web.simulator.wire import Wire

PATH = "/simulator"

log = structlog.get_logger(__name__)


class Simulator:
    """Every simulated provider, what happened at them, and the page that shows it.

    ``start`` before the first adapter is built, since ``environ`` names ports that are only
    known then.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.journal = Journal()
        self.url = f"http://{_reachable(settings.host)}:{settings.port}"
        wire = Wire(settings.public_url, self.url, self.journal)
        self.account = Account(_seed(settings, "twilio"), wire)
        self.texts = Texts(self.account, wire, self.journal)
        self.exchange = Exchange(self.account, wire, self.journal)
        self.telegram = Telegram(_seed(settings, "telegram"), wire, self.journal)
        self.mail = Mail(wire, self.journal)
        # What a visitor does is carried out here, so that the page never waits for a webhook.
        self._hands = ThreadPoolExecutor(max_workers=4, thread_name_prefix="simulator")
        self.blueprint = Blueprint(
            "simulator",
            __name__,
            url_prefix=PATH,
            template_folder="templates",
            static_folder="static",
            static_url_path="/static",
        )
        TwilioApi(self.account, self.texts, self.exchange, wire).add_to(self.blueprint)
        TelegramApi(self.telegram, wire).add_to(self.blueprint)
        Views(self).add_to(self.blueprint)

    def start(self) -> None:
        """Open the mail servers."""
        self.mail.start()

    def stop(self) -> None:
        """End every thread of ours."""
        self._hands.shutdown(wait=False, cancel_futures=True)
        self.mail.stop()

    def carry_out(self, deed: Deed, who: Person) -> None:
        """Do something on a device, in a thread of ours."""
        self._hands.submit(self._do, deed, who)

    def _do(self, deed: Deed, who: Person) -> None:
        try:
            deed(self, who)
        except Exception as failed:  # noqa: BLE001  # the last border: nobody waits for an answer
            log.error("simulator.failed", error=type(failed).__name__)

    def environ(self, present: Mapping[str, str]) -> dict[str, str]:
        """The settings that make the adapters talk to us, for every channel that has no
        credentials of its own in ``present``."""
        overlay: dict[str, str] = {}
        if not _any(present, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
            overlay |= {
                "TWILIO_ACCOUNT_SID": self.account.sid,
                "TWILIO_AUTH_TOKEN": self.account.token,
                "TWILIO_FROM": NUMBER,
                "TWILIO_API_URL": f"{self.url}{PATH}{TWILIO}",
            }
        if not _any(present, "TELEGRAM_BOT_TOKEN"):
            overlay |= {
                "TELEGRAM_BOT_TOKEN": self.telegram.token,
                "TELEGRAM_SECRET_TOKEN": self.telegram.secret,
                "TELEGRAM_API_URL": f"{self.url}{PATH}{TELEGRAM}",
                "TELEGRAM_MODE": "webhook",
            }
        if not _any(present, "IMAP_URL", "SMTP_URL"):
            overlay |= self.mail.environ()
        return overlay


def _seed(settings: Settings, provider: str) -> str:
    """What a provider's credentials are made of: the same at every start, so that a citizen's
    open cases stay with the account that they were filed with."""
    said = f"simulator {provider}".encode()
    return hmac.new(settings.secret_key.encode(), said, hashlib.sha256).hexdigest()


def _any(present: Mapping[str, str], *names: str) -> bool:
    return any(present.get(name, "").strip() for name in names)


def _reachable(host: str) -> str:
    """The address at which this machine reaches a server that listens on ``host``."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{host}]" if address.version == 6 else host
