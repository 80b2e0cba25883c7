"""Telegram: a bot that citizens chat with, by webhook or by long polling."""

from channels.telegram.adapter import PollingTelegram, Telegram, Terms, WebhookTelegram

__all__ = ["PollingTelegram", "Telegram", "Terms", "WebhookTelegram"]
