"""What providers must be told once: the commands under ``channels``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from channels.base import SendFailed
from channels.telegram import Telegram, WebhookTelegram
from gateway.cli import die
from gateway.commands.opening import opened


@click.group()
def channels() -> None:
    """What providers must be told once."""


@channels.group()
def telegram() -> None:
    """The Telegram bot."""


@telegram.command("set-webhook")
def set_webhook() -> None:
    """Tell Telegram where to send the bot's messages, and fill the bot's menu."""
    with _bot() as bot:
        if not isinstance(bot, WebhookTelegram):
            die("TELEGRAM_MODE is polling: Telegram is asked, and sends nothing")
        url = bot.set_webhook()
        bot.register_commands()
    click.echo(f"Telegram sends to {url} from now on.")


@telegram.command("delete-webhook")
def delete_webhook() -> None:
    """Tell Telegram to wait until it is asked, which TELEGRAM_MODE=polling needs."""
    with _bot() as bot:
        bot.delete_webhook()
    click.echo("Telegram keeps what people write until it is asked.")


@telegram.command("set-commands")
def set_commands() -> None:
    """Fill the bot's menu, in each language that Telegram knows."""
    with _bot() as bot:
        bot.register_commands()
    click.echo("The bot's menu is filled.")


@contextmanager
def _bot() -> Iterator[Telegram]:
    with opened() as house:
        bot: object = house.channels.get("telegram")
        if not isinstance(bot, Telegram):
            die("the channel telegram is not set up: TELEGRAM_BOT_TOKEN is missing")
        try:
            yield bot
        except SendFailed as refused:
            die(refused.reason, code=1)
