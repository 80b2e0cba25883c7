"""Writes docs/settings.md from the settings class: ``python -m gateway.settings_page``."""

from __future__ import annotations

import sys

from gateway.settings import Settings

_GROUPS = {
    "database_url": "The house",
    "default_language": "The counter",
    "process_tries": "Patience",
    "sms_provider": "SMS",
    "twilio_account_sid": "Twilio: SMS and voice",
    "voice_human_number": "Calls",
    "telegram_bot_token": "Telegram",
    "imap_url": "Mail",
    "desk_idle_hours": "The desk",
}
_HEAD = """# Settings

Guichet reads its settings from the environment, once, when a process starts. Each one can also be
given as `NAME_FILE`, the path of a file that holds the value: for secrets. A setting that cannot be
used ends the process with one line that names it and exit code 2.

This page is written from the settings class: `python -m gateway.settings_page > docs/settings.md`.
"""


def page() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for name, field in Settings.model_fields.items():
        if name == "environ":
            continue
        if name in _GROUPS:
            lines.append(f"## {_GROUPS[name]}\n\n| name | default | meaning |\n|---|---|---|")
        default = "" if field.default in (None, "") else f"`{field.default}`"
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
        following = list(Settings.model_fields)[list(Settings.model_fields).index(name) + 1]
        if following in _GROUPS:
            lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
