"""The model in use: the shipped one, what people decided since, and refits that proved no worse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from gateway import labels
from gateway.store import Store
from routing import learning
from routing.directory import MOROCCO, Directory
from routing.examples import Example, judged
from routing.measure import judge, share
from routing.model import Model, shipped
from routing.sentences import load

log = structlog.get_logger(__name__)

#: A refit is due after so many decisions, or when one of them has waited so long.
DECISIONS, INTERVAL = 50, timedelta(hours=24)
#: So many of the newest decisions are remembered beside the model, which they reach by a refit.
_REMEMBERED = 300
#: How many of the newest decisions a refit is judged by, and what it may lose on the frozen set.
_RECENT, _MAY_LOSE = 100, 0.01
_REFIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Version:
    """A model that was in use from ``at`` (ISO 8601) on; ``file`` None is the shipped one.

    ``upto`` is the last decision (label id) that it leaves aside, ``seen`` the last one when a
    refit was tried or undone.
    """

    file: str | None
    upto: int
    seen: int
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a refit: shares of right first candidates, before and after."""

    promoted: bool
    frozen: tuple[float, float]
    recent: tuple[float, float]


class RefitFailed(RuntimeError):
    """The process that fits the model ended without one."""


class Learner:
    """Keeps versions as JSON files in a folder that all processes of an install share.

    ``sentences`` lets the optional sentence encoder take part. Raises NotInstalled.
    """

    def __init__(
        self, store: Store, directory: Directory, folder: Path, *, sentences: bool = False
    ) -> None:
        self._beside = load(directory.source or MOROCCO) if sentences else None
        self._store = store
        self._directory = directory
        self._folder = folder
        self._lock = threading.Lock()
        self._known: tuple[Version | None, int] | None = None
        self._model: Model | None = None

    def model(self) -> Model | None:
        """The model in use, which knows every decision until now; None where none was trained."""
        with self._store.read() as session:
            return self.model_for(session)

    def model_for(self, session: Session) -> Model | None:
        """The same, asked for by somebody who is reading already."""
        newest = labels.last(session)
        with self._lock:
            version = self.current()
            if self._known != (version, newest):
                self._model = self._made(version)
                self._known = (version, newest)
            return self._model

    def current(self) -> Version | None:
        """The version in use; None: the shipped one, as it came."""
        versions = self.versions()
        return versions[-1] if versions else None

    def versions(self) -> list[Version]:
        """All versions that were in use, oldest first."""
        try:
            kept = json.loads((self._folder / "versions.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        return [Version(**each) for each in kept]

    def waiting(self) -> int:
        """How many decisions came since the last refit was tried."""
        return self._waiting()[0]

    def is_due(self, now: datetime) -> bool:
        """Whether a refit is worth its while."""
        count, first = self._waiting()
        return count >= DECISIONS or (first is not None and now - first >= INTERVAL)

    def _waiting(self) -> tuple[int, datetime | None]:
        version = self.current()
        with self._store.read() as session:
            return labels.waiting(session, version.seen if version else 0)

    def retrain_if_due(self, now: datetime) -> Outcome | None:
        """``retrain`` where it is due and no other worker is at it."""
        if not self.is_due(now):
            return None
        lock = self._folder / "refit.lock"
        self._folder.mkdir(parents=True, exist_ok=True)
        if lock.exists() and now.timestamp() - lock.stat().st_mtime > _REFIT_SECONDS:
            # Whoever took it has died.
            lock.unlink(missing_ok=True)
        try:
            lock.open("x").close()
        except FileExistsError:
            return None
        try:
            return self.retrain(now)
        finally:
            lock.unlink(missing_ok=True)

    def retrain(self, now: datetime) -> Outcome:
        """Fit anew from examples and decisions, and use the result if it is no worse.

        Takes a minute or two of another process. Raises RefitFailed.
        """
        with self._store.read() as session:
            newest, decisions = labels.last(session), labels.since(session, 0)
        name = f"model-{newest}-{now:%Y%m%dT%H%M%S}.json"
        self._fit(labels.capped(decisions), self._folder / name)
        outcome = self._compared(Model.read(self._folder / name), decisions[-_RECENT:])
        if outcome.promoted:
            self._append(Version(name, 0, newest, now.isoformat(), "refit"))
        else:
            (self._folder / name).unlink()
            old = self.current() or Version(None, 0, 0, "", "")
            self._append(replace(old, seen=newest, at=now.isoformat(), why="refit not used"))
        log.info("router.refit", promoted=outcome.promoted, decisions=len(decisions))
        return outcome

    def roll_back(self, now: datetime) -> Version:
        """Go back to the model before the current one, without what was decided since."""
        versions = self.versions()
        files = [None, *(each.file for each in versions)]
        before = next((file for file in reversed(files) if file != files[-1]), None)
        with self._store.read() as session:
            newest = labels.last(session)
        version = Version(before, newest, newest, now.isoformat(), "rollback")
        self._append(version)
        return version

    def _made(self, version: Version | None) -> Model | None:
        base = self._base(version)
        if base is None:
            return None
        with self._store.read() as session:
            decisions = labels.since(session, version.upto if version else 0, _REMEMBERED)
        steps = [(each.complaint(), each.slug) for each in decisions]
        return replace(learning.taught(base, steps), beside=self._beside)

    def _base(self, version: Version | None) -> Model | None:
        if version is None or version.file is None:
            return shipped(self._directory.source)
        return Model.read(self._folder / version.file)

    def _fit(self, decisions: Sequence[Example], to: Path) -> None:
        """In a process of its own, at low priority: it takes a minute that requests need."""
        self._folder.mkdir(parents=True, exist_ok=True)
        told = to.with_suffix(".decisions")
        lines = [
            {"text": e.text, "lang": e.language, "destination": e.slug, "subject": e.subject}
            for e in decisions
        ]
        told.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        command = [sys.executable, "-m", "routing.train", str(self._directory.source)]
        try:
            subprocess.run(  # noqa: S603  # our own module, with paths of our own
                [*command, "--decisions", str(told), "--to", str(to)],
                check=True,
                timeout=_REFIT_SECONDS,
                capture_output=True,
                cwd=Path(__file__).parent.parent,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise RefitFailed(type(error).__name__) from error
        finally:
            told.unlink(missing_ok=True)

    def _compared(self, candidate: Model, recent: Sequence[Example]) -> Outcome:
        source = self._directory.source
        dev = source / "dev.jsonl" if source else None
        frozen = list(judged(dev)) if dev and dev.exists() else []
        base = self.model()
        on_frozen = self._right(frozen, base), self._right(frozen, candidate)
        on_recent = self._right(recent, base), self._right(recent, candidate)
        no_worse = on_frozen[1] >= on_frozen[0] - _MAY_LOSE and on_recent[1] >= on_recent[0]
        return Outcome(no_worse, on_frozen, on_recent)

    def _right(self, examples: Sequence[Example], model: Model | None) -> float:
        judgements = judge(examples, self._directory, model)
        return share(judgements, lambda each: each.routed_right)

    def _append(self, version: Version) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = [asdict(each) for each in (*self.versions(), version)]
        draft = self._folder / f"versions.{os.getpid()}.json"
        draft.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        draft.replace(self._folder / "versions.json")
