"""Writes recordings down on this machine, with Whisper (optional: requirements-speech.txt)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Self

from channels.base import BadSetting
from gateway.transcribers import NoTranscript, Transcript

#: What Whisper calls the languages that callers choose. It was taught no Tamazight, and what it
#: would make of it is worse than nothing.
_HEARD_AS = {"ar": "ar", "ary-Arab": "ar", "ary-Latn": "ar", "fr": "fr", "en": "en", "es": "es"}
#: The mean logarithm of its words' likelihoods below which Whisper's own authors try again.
_UNCLEAR = -1.0


class Whisper:
    """A transcriber by faster-whisper (MIT), which needs a third of the memory of the original.

    ``model`` is a folder, so that nothing is ever fetched from outside behind one's back.
    """

    name = "whisper"

    def __init__(self, library: Any, model: Path) -> None:
        self._library = library
        self._folder = model
        self._model: Any = None
        self._lock = Lock()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        try:
            faster_whisper = import_module("faster_whisper")
        except ImportError:
            raise BadSetting(
                "VOICE_TRANSCRIBER", "whisper needs: pip install -r requirements-speech.txt"
            ) from None
        folder = Path(environ.get("VOICE_MODEL", "").strip() or "var/whisper")
        if not (folder / "model.bin").is_file():
            raise BadSetting("VOICE_MODEL", f"{folder} holds no model.bin of faster-whisper")
        return cls(faster_whisper, folder)

    def transcribe(self, audio: bytes, content_type: str, language: str | None) -> Transcript:
        """Write a recording down, one at a time: a model takes all the cores there are."""
        heard_as = _HEARD_AS.get(language or "")
        if language and heard_as is None:
            raise NoTranscript(f"Whisper does not know {language}")
        with self._lock:
            segments, found = self._loaded().transcribe(
                BytesIO(audio), language=heard_as, vad_filter=True
            )
            said = list(segments)
        if said and sum(one.avg_logprob for one in said) / len(said) < _UNCLEAR:
            raise NoTranscript("too unclear to be written down")
        text = " ".join(one.text.strip() for one in said)
        return Transcript(text, language or found.language)

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = self._library.WhisperModel(
                str(self._folder), device="cpu", compute_type="int8", local_files_only=True
            )
        return self._model
