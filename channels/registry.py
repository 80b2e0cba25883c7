"""Which adapter a channel's name stands for: the built-in ones and those of installed packages."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from channels.base import Channel, Context

#: Imported only when asked for, so that one channel's library never costs another its start.
BUILT_IN = {
    "sms": "channels.sms:Sms",
    "voice": "channels.voice:Voice",
    "email": "channels.email:Email",
    "telegram": "channels.telegram:Telegram",
    "webform": "channels.webform:WebForm",
}

#: The entry-point group in which a third party's package names its adapter class.
GROUP = "guichet.channels"


def adapter_class(name: str) -> type:
    """The class behind a channel's name. Raises KeyError for a name nobody claims."""
    if path := BUILT_IN.get(name):
        module, _, attribute = path.partition(":")
        return cast(type, getattr(import_module(module), attribute))
    for point in entry_points(group=GROUP, name=name):
        return cast(type, point.load())
    raise KeyError(name)


def names() -> tuple[str, ...]:
    """Every channel that is installed, the built-in ones first."""
    others = sorted({point.name for point in entry_points(group=GROUP)} - set(BUILT_IN))
    return (*BUILT_IN, *others)


def build(context: Context) -> dict[str, Channel]:
    """One adapter per channel whose credentials are set. Raises BadSetting."""
    built: dict[str, Channel] = {}
    for name in names():
        adapter: Channel | None = adapter_class(name).from_context(context)  # type: ignore[attr-defined]  # a third party's class is known only by its protocol
        if adapter is not None:
            built[name] = adapter
    return built
