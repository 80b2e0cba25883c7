"""Reads the settings that give a call other voices, or hear its words as another language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from channels.base import BadSetting
from channels.voice.script import HEARD_AS, SPEAKERS, Speaker

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_VOICE = re.compile(r"[A-Za-z0-9.-]+")
_EXAMPLE = "fr=fr-FR/Polly.Lea"


def speakers(said: str) -> Mapping[str, Speaker]:
    """The voices, those of ``VOICE_VOICES`` (``fr=fr-FR/Polly.Remi``) instead of ours.

    Raises BadSetting.
    """
    chosen = dict(SPEAKERS)
    for language, value in _pairs("VOICE_VOICES", said):
        tag, _, voice = value.partition("/")
        if not (_TAG.fullmatch(tag) and _VOICE.fullmatch(voice)):
            raise BadSetting("VOICE_VOICES", f"{language}= wants a tag and a voice, as {_EXAMPLE}")
        chosen[language] = Speaker(tag, voice)
    return chosen


def heard_as(said: str) -> Mapping[str, str]:
    """As what words are heard, by ``VOICE_SPEECH`` (``ar=ar-EG``; ``ar=``: keys only).

    Raises BadSetting.
    """
    chosen = dict(HEARD_AS)
    for language, tag in _pairs("VOICE_SPEECH", said):
        if tag and not _TAG.fullmatch(tag):
            raise BadSetting("VOICE_SPEECH", f"{language}= wants a tag such as ar-MA")
        chosen[language] = tag
    return chosen


def _pairs(name: str, said: str) -> list[tuple[str, str]]:
    pairs = []
    for pair in said.replace(",", " ").split():
        language, equals, value = pair.partition("=")
        if not equals or language not in SPEAKERS:
            raise BadSetting(name, f"{pair} must begin with one of {', '.join(SPEAKERS)} and =")
        pairs.append((language, value))
    return pairs
