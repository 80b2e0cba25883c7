"""Telegram: a bot that citizens chat with, by webhook or by long polling."""

from channels.telegram.adapter import PollingTelegram, Telegram, WebhookTelegram

__all__ = ["PollingTelegram", "Telegram", "WebhookTelegram"]
