"""What a visitor can do on the devices: each act reads its form and says what to carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.web.simulator import sound
from gateway.web.simulator.journal import File
from gateway.web.simulator.people import Person

if TYPE_CHECKING:
    from gateway.web.simulator import Simulator

Form = Mapping[str, str]
Files = list[File]
#: What is carried out, in a thread of its own, after the visitor's request was answered.
Deed = Callable[["Simulator", Person], None]
Act = Callable[[Form, Files], Deed]

#: The longest text a visitor may send, in characters.
LONGEST = 20_000
#: Where Telegram's "send my location" is: the square before the Tour Hassan in Rabat.
PLACE = (34.0241, -6.8228)
_PHOTO = Path(__file__).parent / "static" / "photo.jpg"
_KEYS = frozenset("0123456789*#")


def _text(form: Form, name: str = "text") -> str:
    return form.get(name, "").replace("\r\n", "\n").strip()[:LONGEST]


def _nothing(simulator: Simulator, who: Person) -> None:
    """An act that lacks what it needs."""


def sms(form: Form, files: Files) -> Deed:
    """Text us."""
    text = _text(form)
    return (lambda simulator, who: simulator.texts.send(who, text)) if text else _nothing


def telegram(form: Form, files: Files) -> Deed:
    """Write to the bot; with a file, the text is its caption."""
    text = _text(form)
    if not files:
        return (lambda simulator, who: simulator.telegram.write(who, text)) if text else _nothing
    file = files[0]
    if file.content_type in ("image/jpeg", "image/png"):
        return lambda simulator, who: simulator.telegram.send_photo(who, file, text)
    return lambda simulator, who: simulator.telegram.send_document(who, file, text)


def telegram_photo(form: Form, files: Files) -> Deed:
    """Send the photo that ships."""
    file, caption = File("photo.jpg", "image/jpeg", _PHOTO.read_bytes()), _text(form)
    return lambda simulator, who: simulator.telegram.send_photo(who, file, caption)


def telegram_voice(form: Form, files: Files) -> Deed:
    """Send a voice note in the person's language."""

    def deed(simulator: Simulator, who: Person) -> None:
        content, seconds = sound.voice_note(who.language)
        simulator.telegram.send_voice(who, File("voice.ogg", "audio/ogg", content), seconds)

    return deed


def telegram_location(form: Form, files: Files) -> Deed:
    """Send a place."""
    return lambda simulator, who: simulator.telegram.send_location(who, *PLACE)


def telegram_contact(form: Form, files: Files) -> Deed:
    """Send one's own card."""
    return lambda simulator, who: simulator.telegram.send_contact(who)


def telegram_press(form: Form, files: Files) -> Deed:
    """Press a button of the bot's."""
    message, value = form.get("message", ""), form.get("value", "")
    if not (message.isascii() and message.isdecimal()):
        return _nothing
    return lambda simulator, who: simulator.telegram.press(who, int(message), value)


def mail(form: Form, files: Files) -> Deed:
    """Write a mail; ``photo`` adds the one that ships."""
    subject, text = _text(form, "subject"), _text(form)
    if form.get("photo"):
        files = [*files, File("photo.jpg", "image/jpeg", _PHOTO.read_bytes())]
    if not (subject or text or files):
        return _nothing
    to, parent, references = (form.get(n, "") for n in ("to", "in_reply_to", "references"))
    return lambda simulator, who: simulator.mail.send(
        who, subject, text, files, to=to, in_reply_to=parent, references=references
    )


def call(form: Form, files: Files) -> Deed:
    """Dial our number, or take our call when the telephone rings."""
    if form.get("answer"):
        return lambda simulator, who: simulator.exchange.pick_up(who)
    return lambda simulator, who: simulator.exchange.dial(who)


def key(form: Form, files: Files) -> Deed:
    """Press a key during a call."""
    pressed = form.get("key", "")

    def deed(simulator: Simulator, who: Person) -> None:
        if (ongoing := simulator.exchange.of(who)) is not None and pressed in _KEYS:
            ongoing.press(pressed)

    return deed


def wait(form: Form, files: Files) -> Deed:
    """Say nothing until the time for it is over."""

    def deed(simulator: Simulator, who: Person) -> None:
        if (ongoing := simulator.exchange.of(who)) is not None:
            ongoing.wait()

    return deed


def speak(form: Form, files: Files) -> Deed:
    """Say words to a call that listens for them."""
    text = _text(form)

    def deed(simulator: Simulator, who: Person) -> None:
        if (ongoing := simulator.exchange.of(who)) is not None and text:
            ongoing.say(text)

    return deed


def record(form: Form, files: Files) -> Deed:
    """Speak into a recording: what the microphone heard, or else a voice that ships."""
    ended_by = form.get("ended_by", "")
    seconds = _seconds(form.get("seconds", ""))
    if files and (heard := sound.wav_seconds(files[0].content)) is not None:
        spoken, seconds = File("recording.wav", "audio/x-wav", files[0].content), heard
    else:
        made = sound.call(form.get("language", "fr"), seconds)
        spoken = File("recording.mp3", "audio/mpeg", made)
    return lambda simulator, who: simulator.exchange.record(who, spoken, seconds, ended_by)


def hang_up(form: Form, files: Files) -> Deed:
    """Put the receiver down, or turn our call away."""
    return lambda simulator, who: simulator.exchange.hang_up(who)


def _seconds(said: str) -> float:
    return min(max(int(said), 1), 60) if said.isascii() and said.isdecimal() else 3.0


ACTS: Mapping[str, Act] = {
    "sms": sms,
    "telegram": telegram,
    "telegram-photo": telegram_photo,
    "telegram-voice": telegram_voice,
    "telegram-location": telegram_location,
    "telegram-contact": telegram_contact,
    "telegram-press": telegram_press,
    "mail": mail,
    "call": call,
    "key": key,
    "wait": wait,
    "speak": speak,
    "record": record,
    "hang-up": hang_up,
}
