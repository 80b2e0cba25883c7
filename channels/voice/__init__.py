"""The ``voice`` channel: phone calls."""

from channels.voice.adapter import STATUSES, Voice

__all__ = ["STATUSES", "Voice"]
