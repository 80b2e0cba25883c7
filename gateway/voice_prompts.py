"""Makes the recordings that come along, by a robot: ``python -m gateway.voice_prompts``.

Needs espeak-ng and lame. What it says is the catalogue's; people should say it instead.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from channels.voice.prompts import LANGUAGES, SHIPPED
from channels.voice.script import MENU
from gateway.messages import SENTENCES, phrase

#: espeak-ng speaks neither: Arabic letters are read as Arabic, Latin ones as French.
VOICES = {"ary-Arab": "ar", "zgh-Latn": "fr"}


def sentences(language: str) -> dict[str, str]:
    """What is recorded of a language, by the file's name."""
    digit = next(key for key, tag in MENU.items() if tag == language)
    said = {
        key: phrase(key, language, digit=digit, number="")
        for key in SENTENCES
        if key.startswith("voice_")
    }
    # The digits follow one by one.
    said["voice_number"] = said["voice_number"].replace(":", "").replace(".", "").strip()
    return said | {f"digit_{digit}": str(digit) for digit in range(10)}


def record(voice: str, text: str, file: Path) -> None:
    """Speak a text into an MP3 as telephones carry it: 8 kHz, one channel."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", wav.name, text], check=True)  # noqa: S603, S607  # a fixed program and our own sentences
        subprocess.run(  # noqa: S603  # the same
            ["lame", "--quiet", "-m", "m", "--resample", "8", "-b", "16", wav.name, str(file)],  # noqa: S607  # wherever it is installed
            check=True,
        )


def main() -> None:
    """Record every sentence of every language that needs it."""
    for language in LANGUAGES:
        folder = SHIPPED / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sentences(language).items():
            record(VOICES[language], text, folder / f"{name}.mp3")
        sys.stdout.write(f"{language}: {len(list(folder.iterdir()))} recordings in {folder}\n")


if __name__ == "__main__":
    main()
