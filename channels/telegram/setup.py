"""What Telegram is told about a bot once, and what it says of how the bot is set up."""

from __future__ import annotations

from datetime import datetime, timedelta

from telegram import Bot, BotCommand, MenuButtonCommands, WebhookInfo

from channels.base import Phrase
from channels.telegram.api import BotApi
from channels.telegram.updates import ALLOWED

#: The bot's menu, in this order; what each one does is the sentence ``command_<name>``.
COMMANDS = ("new", "cases", "status", "follow", "language", "help", "stop")
#: The languages of ours that Telegram has a code for: it knows two letters and no script, so those
#: who write Darija or Tamazight see the menu in Arabic or French, as their telephone is set.
MENU_LANGUAGES = ("ar", "fr", "en", "es")

#: A failure that Telegram met longer ago says nothing about now.
_LATELY = timedelta(hours=1)


def set_webhook(api: BotApi, url: str, secret: str) -> None:
    """Have Telegram push to this address, with the secret. Raises SendFailed."""
    api.call(lambda bot: bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED))


def delete_webhook(api: BotApi) -> None:
    """Have Telegram keep its updates until we ask. Raises SendFailed."""
    api.call(lambda bot: bot.delete_webhook())


def register_commands(api: BotApi, phrase: Phrase, default_language: str) -> None:
    """Put the commands into the bot's menu, per language of the telephone. Raises SendFailed."""

    async def register(bot: Bot) -> None:
        for language in (None, *MENU_LANGUAGES):
            said = language or default_language
            commands = [BotCommand(name, phrase(f"command_{name}", said)) for name in COMMANDS]
            await bot.set_my_commands(commands, language_code=language)
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())

    api.call(register)


def webhook_problem(api: BotApi, url: str, now: datetime) -> str | None:
    """What keeps Telegram from pushing to this address, if anything. Raises SendFailed."""
    info = api.call(lambda bot: bot.get_webhook_info())
    problem = _wrong(info, url, now)
    return api.failures.without_token(problem) if problem else None


def polling_problem(api: BotApi) -> str | None:
    """What keeps us from asking Telegram, if anything. Raises SendFailed."""
    info = api.call(lambda bot: bot.get_webhook_info())
    if not info.url:
        return None
    return "Telegram pushes to a webhook: run `channels telegram delete-webhook`"


def _wrong(info: WebhookInfo, url: str, now: datetime) -> str | None:
    again = "run `channels telegram set-webhook`"
    if not info.url:
        return f"Telegram knows no webhook: {again}"
    if info.url != url:
        return f"Telegram pushes to {info.url} and not to {url}: {again}"
    if info.allowed_updates and set(ALLOWED) - set(info.allowed_updates):
        return f"Telegram does not push all that we read: {again}"
    failed_at = info.last_error_date
    if info.pending_update_count and failed_at and failed_at > now - _LATELY:
        waiting, said = info.pending_update_count, info.last_error_message
        return f"Telegram cannot reach {url}, {waiting} updates wait: {said}"
    return None
