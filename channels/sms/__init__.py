"""The ``sms`` channel: whichever provider SMS_PROVIDER names."""

from __future__ import annotations

from channels.base import BadSetting, Channel, Context
from channels.sms.generic import Generic
from channels.sms.kannel import Kannel
from channels.sms.profile import find, shipped
from channels.sms.twilio import Twilio


class Sms:
    """What the registry asks for the channel; the adapter is a provider's own."""

    @classmethod
    def from_context(cls, context: Context) -> Channel | None:
        """The provider's adapter, None when its settings are absent. Raises BadSetting."""
        named = context.environ.get("SMS_PROVIDER", "").strip() or "twilio"
        match named:
            case "twilio":
                return Twilio.from_context(context)
            case "kannel":
                return Kannel.from_context(context)
        if path := find(named):
            return Generic.from_profile(path, context)
        known = ", ".join(["twilio", "kannel", *shipped()])
        raise BadSetting("SMS_PROVIDER", f"must be one of {known}, or the path of a .toml profile")
