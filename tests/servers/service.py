"""What every server of the tests has in common: it runs as long as its ``with``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

#: Seconds until something that must come counts as lost, on a machine with ten times the work that
#: it can do; nothing here is measured.
PATIENCE = 180.0


class Service(ABC):
    """Use with ``with``."""

    @abstractmethod
    def start(self) -> None:
        """Start it, and return once it can be used."""

    @abstractmethod
    def close(self) -> None:
        """End it, and leave nothing of it behind."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
