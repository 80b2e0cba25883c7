"""Puts the house together: one object that every process and every command starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from channels.base import Channel, Context, Inbound
from channels.registry import build as build_channels
from gateway import clock
from gateway.articles import Articles
from gateway.audit import Trail
from gateway.cases import Cases
from gateway.editing import Editing
from gateway.effort import Effort
from gateway.files import Files, files_at
from gateway.learning import Learner
from gateway.lists import Lists
from gateway.logins import Logins
from gateway.messages import phrase
from gateway.notebook import Notes
from gateway.notices import Notices
from gateway.pipeline import Intake, Parts, Pipeline
from gateway.queue import Bell, RedisBell, ThreadBell
from gateway.receipts import Receipts
from gateway.scanner import Scanner
from gateway.settings import Settings
from gateway.shunted import Shunted
from gateway.staff import Staff
from gateway.statistics import Statistics
from gateway.store import Store
from gateway.tokens import Tokens
from gateway.transcribers import build as build_transcriber
from normalizer.complaint import normalize
from routing.directory import Directory
from routing.router import decide


@dataclass(frozen=True, slots=True)
class House:
    """Everything a process works with."""

    settings: Settings
    store: Store
    files: Files
    directory: Directory
    channels: Mapping[str, Channel]
    bell: Bell
    pipeline: Pipeline
    cases: Cases
    learner: Learner
    tokens: Tokens
    staff: Staff
    lists: Lists
    shunted: Shunted
    editing: Editing
    trail: Trail
    logins: Logins
    articles: Articles
    receipts: Receipts
    statistics: Statistics
    effort: Effort
    #: Names of the channels whose provider is played by the simulator.
    simulated: frozenset[str] = field(default_factory=frozenset)

    def warm_up(self) -> None:
        """Load what the first message would otherwise wait for: models, metadata, the directory."""
        for text in ("السلام عليكم، الماء مقطوع", "Bonjour, une coupure d'eau"):
            greeting = Inbound("", "", "+212600000000", text, b"", clock.now())
            decide(normalize(greeting, "sms", "tel"), self.directory)

    def close(self) -> None:
        """Let go of every connection."""
        self.bell.close()
        self.store.close()


def build(
    settings: Settings,
    overlay: Mapping[str, str] | None = None,
    *,
    by_announcement: bool = False,
) -> House:
    """Build from settings. ``overlay`` replaces settings that adapters see (the simulator's).

    ``by_announcement``: for a command that may lack the serving process's credentials; citizens
    are then told over the channels that process announced.

    Raises BadSetting, and BadDirectory for unusable data of administrations.
    """
    overlay = overlay or {}
    store = Store(settings.database_url)
    notes = Notes(store)
    context = Context({**settings.environ, **overlay}, settings.public_url, phrase, notes)
    channels = build_channels(context)
    real = build_channels(Context(settings.environ, settings.public_url, phrase)) if overlay else {}
    directory = Directory.load(settings.guichet_directory)
    bell: Bell = RedisBell(settings.redis_url) if settings.redis_url else ThreadBell()
    own = {name: adapter.addresses for name, adapter in channels.items()}
    known = store.announced() if by_announcement else {}
    notices = Notices(settings, directory, known or own)
    learner = Learner(store, directory, settings.router_dir, sentences=settings.router_sentences)
    parts = Parts(
        settings,
        store,
        Intake(store),
        files_at(settings.attachments_url),
        directory,
        channels,
        bell,
        notices,
        learner,
        build_transcriber(settings.environ),
        Scanner.at(settings.clamd_url),
    )
    return House(
        settings=settings,
        store=store,
        files=parts.files,
        directory=directory,
        channels=channels,
        bell=bell,
        pipeline=Pipeline(parts),
        cases=Cases(store, parts.files, directory, bell, notices, parts.scanner),
        learner=learner,
        tokens=Tokens(store),
        staff=Staff(store),
        lists=Lists(store, settings),
        shunted=Shunted(store, parts.files, bell),
        editing=Editing(store),
        trail=Trail(store),
        logins=Logins(
            store,
            idle=timedelta(hours=settings.desk_idle_hours),
            lifetime=timedelta(hours=settings.desk_session_hours),
            # Only where settings let nobody but this machine's people in.
            demo=settings.simulator == "1",
        ),
        articles=Articles(store),
        receipts=Receipts(settings, store),
        statistics=Statistics(store),
        effort=Effort(store, settings.secret_key, settings.submit_effort),
        simulated=frozenset(channels) - frozenset(real) if overlay else frozenset(),
    )
