"""What a citizen without a microphone says: speech made by eSpeak NG, shipped as files."""

from __future__ import annotations

import io
import wave
from pathlib import Path

_SOUNDS = Path(__file__).parent / "sounds"

#: The calls are MPEG-2 layer III at a constant 24 kbit/s and 16 kHz, made without a bit reservoir:
#: so many bytes are one frame, each frame stands alone, and lasts so many seconds.
_FRAME = 108
_FRAME_SECONDS = 576 / 16_000

_LANGUAGES = ("ar", "fr", "es", "en")


def call(language: str, seconds: float) -> bytes:
    """A complaint spoken into a telephone, as an MP3 file of that length (at least one frame)."""
    spoken = (_SOUNDS / f"call-{_nearest(language)}.mp3").read_bytes()
    length = max(1, round(seconds / _FRAME_SECONDS)) * _FRAME
    return (spoken * (length // len(spoken) + 1))[:length]


def voice_note(language: str) -> tuple[bytes, int]:
    """A complaint as a Telegram voice note, Opus in Ogg, and its length in whole seconds."""
    nearest = _nearest(language)
    spoken = (_SOUNDS / f"call-{nearest}.mp3").stat().st_size // _FRAME * _FRAME_SECONDS
    return (_SOUNDS / f"voice-{nearest}.ogg").read_bytes(), round(spoken)


def wav_seconds(content: bytes) -> float | None:
    """The length of a WAV file; None when it is no WAV file."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


def _nearest(language: str) -> str:
    """Of the languages recorded, the one nearest to a BCP 47 tag or to Twilio's ``arb``."""
    start = {"arb": "ar", "ary-Latn": "fr", "ary": "ar", "zgh": "fr"}
    primary = language.split("-")[0]
    nearest = start.get(language) or start.get(primary) or primary
    return nearest if nearest in _LANGUAGES else "fr"
