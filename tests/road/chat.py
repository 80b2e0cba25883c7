"""People who chat with the bot, through the Bot API's documented JSON and the whole road."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from channels.telegram import WebhookTelegram
from gateway.house import House
from tests.fakes.telegram import SECRET, FakeTelegram, Sent
from tests.wires import hook_url, post_json


@dataclass
class Chat:
    """A chat with a house. Every update comes twice, as it does after a lost answer."""

    house: House
    telegram: FakeTelegram
    chat: int
    updates: list[dict[str, Any]] = field(default_factory=list)

    def write(self, text: str, **content: Any) -> list[Sent]:
        """Write something; what the bot says to it."""
        return self.send(self.telegram.message(self.chat, text=text, **content))

    def share(self, **content: Any) -> list[Sent]:
        """Send something else than words: ``location={…}``, ``photo=[…]``."""
        return self.send(self.telegram.message(self.chat, **content))

    def press(self, wanted: str) -> list[Sent]:
        """Press the newest button whose value begins, or whose label is, like this."""
        sent, value = self.button(wanted)
        return self.send(self.telegram.press(sent, value))

    def button(self, wanted: str) -> tuple[Sent, str]:
        """That button: the message that it hangs on, and its value."""
        for sent in reversed(self.heard):
            for label, value in (button for row in sent.buttons for button in row):
                if label == wanted or value.startswith(wanted):
                    return sent, value
        raise AssertionError(f"no button does {wanted}: {[sent.buttons for sent in self.heard]}")

    @property
    def heard(self) -> list[Sent]:
        """All that the bot said in this chat."""
        return [sent for sent in self.telegram.sent if sent.chat == self.chat]

    def send(self, *updates: dict[str, Any]) -> list[Sent]:
        """Let updates come, in this order; what the bot says then."""
        before = len(self.heard)
        for update in updates:
            self.updates.append(update)
            for _ in range(2):
                self._push(update)
        self.work()
        return self.heard[before:]

    def _push(self, update: dict[str, Any]) -> None:
        """Call the webhook, and do what its answer asks for."""
        bot = self.house.channels["telegram"]
        assert isinstance(bot, WebhookTelegram)
        proof = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        request = post_json(hook_url("telegram"), update, proof)
        receipts = [self.house.pipeline.accept("telegram", one) for one in bot.receive(request)]
        self.telegram.obey(bot.answer(request, receipts).body)

    def work(self) -> None:
        """Do all that waits."""
        while self.house.pipeline.process():
            pass
        while self.house.pipeline.deliver("telegram"):
            pass
