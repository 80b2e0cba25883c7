"""Machines that write down what a caller said: plug-ins of the group ``guichet.transcribers``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol

from channels.base import BadSetting

#: The entry-point group in which a package names its transcriber class.
GROUP = "guichet.transcribers"
#: Written down at the provider, by the voice channel itself.
AT_PROVIDER = "twilio"
#: The ones that come along, loaded when they are named: name → module and class.
OWN = {"whisper": ("gateway.whisper", "Whisper")}


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a machine heard. ``language`` is a BCP 47 tag where it recognises languages itself."""

    text: str
    language: str | None = None


class NoTranscript(Exception):
    """The machine could not write it down; the reason is for people and names no citizen.

    ``retryable``: it may later, as when the machine is out of reach.
    """

    def __init__(self, reason: str, *, retryable: bool = False) -> None:
        super().__init__(reason)
        self.retryable = retryable


class Transcriber(Protocol):
    """What a plug-in is. Its class is made by ``from_environ``, which raises BadSetting."""

    name: str

    def transcribe(self, audio: bytes, content_type: str, language: str | None) -> Transcript:
        """Write a recording down; ``language`` is what its caller chose. Raises NoTranscript."""
        ...


def build(environ: Mapping[str, str]) -> Transcriber | None:
    """The transcriber that VOICE_TRANSCRIBER names, if it works here. Raises BadSetting."""
    named = environ.get("VOICE_TRANSCRIBER", "").strip()
    if not named or named == AT_PROVIDER:
        return None
    for point in entry_points(group=GROUP, name=named):
        return _made(point.load(), environ)
    if named in OWN:
        module, name = OWN[named]
        return _made(getattr(import_module(module), name), environ)
    installed = sorted({point.name for point in entry_points(group=GROUP)})
    known = ", ".join([AT_PROVIDER, *OWN, *installed])
    raise BadSetting("VOICE_TRANSCRIBER", f"no such plug-in is installed; there is {known}")


def _made(plugin: Any, environ: Mapping[str, str]) -> Transcriber:
    transcriber: Transcriber = plugin.from_environ(environ)
    return transcriber
