"""What the SMS adapters share: several texts on their way at a time, no faster than allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from channels.base import Done, Outbound, Rate
from channels.together import Together


class Several:
    """Subclass it and write ``send``; ``SendsMany`` and ``NextDoor`` come of it."""

    rate: Rate | None = None
    _together: Together | None = None

    def paced(self, environ: Mapping[str, str]) -> Self:
        """The adapter, as fast and as wide as the settings want it."""
        per_second, at_once = environ.get("SMS_PER_SECOND"), environ.get("SMS_AT_ONCE")
        self.rate = Rate(1, 1 / float(per_second)) if per_second else None
        self._together = Together(int(at_once)) if at_once else None
        return self

    def rate_to(self, address: str) -> None:
        """A phone takes as many as there are."""

    def is_near(self) -> bool:
        """As ``NextDoor`` says."""
        return self._together is not None and self._together.is_near

    def send(self, message: Outbound) -> str:
        """As ``Channel`` says."""
        raise NotImplementedError

    def send_many(
        self, messages: Sequence[Outbound], done: Done, waits: Sequence[float] = ()
    ) -> None:
        """As ``SendsMany`` says."""
        self._together = self._together or Together()
        self._together.send(messages, self.send, done, waits)
