"""What one Telegram update says: its JSON read into an Inbound, never at a loss."""

from __future__ import annotations

import hashlib
import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, MessageEntity, Update

from channels.base import Attachment, Inbound, Location

#: The kinds of update that we ask Telegram for, in setWebhook and getUpdates alike.
ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")

#: https://core.telegram.org/bots/api#getfile
FILE_BYTES = 20 * 1024 * 1024

#: What the library and the readers below raise on JSON that is no update. Fuzzed in the tests.
UNREADABLE = (
    ArithmeticError,  # a date beyond the calendar, a number that is infinite
    AttributeError,
    LookupError,
    OSError,  # the same, for dates that the platform refuses
    RecursionError,
    TypeError,
    ValueError,  # not JSON, not UTF-8
)

#: The message's field that carries a file, and what it is when Telegram does not say. An
#: animation is a document too (https://core.telegram.org/bots/api#message).
_FILES = {
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "document": None,
}

#: Chat member states in which the bot can no longer write to the chat.
_SHUT_OUT = ("kicked", "left")

#: In a group, a command names the bot it is for: ``/status@GuichetBot 2648…``.
_COMMAND = re.compile(r"^(/\w+)@\w+")
#: What a link ``https://t.me/<bot>?start=264831592783`` makes of itself when it is followed.
_DEEP_LINK = re.compile(r"/start \d{12}", re.ASCII)

#: Telegram's own messages, which nobody wrote and nobody waits for an answer to.
_SERVICE = (
    "chat_background_set",
    "chat_shared",
    "connected_website",
    "delete_chat_photo",
    "group_chat_created",
    "left_chat_member",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "new_chat_members",
    "new_chat_photo",
    "new_chat_title",
    "pinned_message",
    "proximity_alert_triggered",
    "supergroup_chat_created",
    "users_shared",
    "video_chat_ended",
    "video_chat_started",
    "write_access_allowed",
)

#: The bot's user name, asked for only when a message in a group names somebody.
Username = Callable[[], str | None]


def read(body: bytes, *, account: str, username: Username, received_at: datetime) -> Inbound:
    """One update, whatever it holds.

    ``account`` is the bot's id. The ids of messages, in ``in_reply_to`` and in the hint
    ``message_id``, are ``<chat_id>:<message_id>``, as ``send`` returns them. Beside the gateway's
    own hints there is ``callback_query``, the id of a pressed button's query.

    The hint ``event`` is ``not-understood`` (no JSON, no update, a sticker, a poll), ``edited``,
    ``contact``, ``migrated``, ``blocked``, ``unblocked``, ``service`` for what Telegram itself
    says, or ``not-addressed`` for people who talk to each other in a group.
    """
    inbound = Inbound(
        external_id=hashlib.sha256(body).hexdigest(),
        account=account,
        sender="",
        text="",
        raw=body,
        received_at=received_at,
        hints={"event": "not-understood"},
    )
    try:
        data = _json(body)
        inbound = replace(inbound, external_id=str(operator.index(data["update_id"])))
        inbound = replace(inbound, sender=_somebody(data))
        return _sound(_filled(inbound, Update.de_json(data, None), username))
    except UNREADABLE:
        return inbound


def pressed(body: bytes) -> str | None:
    """The id of the callback query that waits for an answer, when the update is one."""
    try:
        query = json.loads(body)["callback_query"]["id"]
    except UNREADABLE:
        return None
    return query if isinstance(query, str) else None


def _somebody(data: Any) -> str:
    """Who writes in private, also where the rest cannot be read: they deserve a word."""
    chat = data.get("message", {}).get("chat", {})
    return _chat_id(chat["id"]) if chat.get("type") == Chat.PRIVATE else ""


def _json(body: bytes) -> Any:
    # JSON can spell one half of a surrogate pair, which is no character and no database takes.
    text = json.dumps(json.loads(body), ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))


def _filled(inbound: Inbound, update: Update, username: Username) -> Inbound:
    if update.message:
        return _message(inbound, update.message, username)
    if update.edited_message:
        return _edited(_message(inbound, update.edited_message, username))
    if update.callback_query:
        return _press(inbound, update.callback_query)
    if update.my_chat_member:
        return _membership(inbound, update.my_chat_member)
    return inbound


def _message(inbound: Inbound, message: Message, username: Username) -> Inbound:
    said = replace(
        inbound,
        sender=_chat(message.chat),
        sender_name=_name(message),
        text=_COMMAND.sub(r"\1", message.text or message.caption or ""),
        in_reply_to=_ids(message.reply_to_message),
        attachments=_files(message),
        location=_location(message),
    )
    event = _event(said, message)
    # A group's move to a new id concerns us even though nobody says it to us.
    if event != "migrated" and not _addressed(message, inbound.account, username):
        event = "not-addressed"
    return replace(said, hints=_hints(message, event))


def _edited(inbound: Inbound) -> Inbound:
    """The words after the edit; the message as it was first sent came under its own update."""
    hints = dict(inbound.hints)
    if hints.get("event") != "not-addressed":
        # A live location is edited as often as its sender moves.
        hints["event"] = "service" if inbound.location else "edited"
    return replace(inbound, in_reply_to=(hints["message_id"],), hints=hints)


def _press(inbound: Inbound, query: CallbackQuery) -> Inbound:
    """A button's label, said under the message that the button hangs on."""
    user = query.from_user
    known = {
        "callback_query": query.id,
        "pressed": query.data,
        "ui_language": user.language_code,
    }
    return replace(
        inbound,
        sender=_chat(query.message.chat) if query.message else str(user.id),
        sender_name=user.full_name,
        # A game's button carries no data, and ours always do.
        text=_label(query) or query.data or "",
        in_reply_to=_ids(query.message),
        hints=_present(known if query.data else {**known, "event": "not-understood"}),
    )


def _label(query: CallbackQuery) -> str | None:
    """What stands on the button, while Telegram still knows the message that it hangs on."""
    keys = getattr(query.message, "reply_markup", None)
    labels = (
        button.text
        for row in (keys.inline_keyboard if keys else ())
        for button in row
        if button.callback_data == query.data
    )
    return next(labels, None)


def _membership(inbound: Inbound, change: ChatMemberUpdated) -> Inbound:
    shut_out = change.new_chat_member.status in _SHUT_OUT
    return replace(
        inbound,
        sender=_chat(change.chat),
        sender_name=change.from_user.full_name,
        hints={"event": "blocked" if shut_out else "unblocked"},
    )


def _event(said: Inbound, message: Message) -> str | None:
    if message.migrate_to_chat_id:
        return "migrated"
    if message.contact:
        return "contact"
    if said.text or said.attachments or said.location:
        return None
    return "service" if any(getattr(message, kind, None) for kind in _SERVICE) else "not-understood"


def _hints(message: Message, event: str | None) -> Mapping[str, str]:
    sender, contact = message.from_user, message.contact
    # Anyone's card can be forwarded; only one's own proves a number, and only where nobody else
    # writes from the same chat.
    own = contact and sender and contact.user_id == sender.id and message.chat.type == Chat.PRIVATE
    linked = _DEEP_LINK.fullmatch(_COMMAND.sub(r"\1", message.text or ""))
    new_chat = message.migrate_to_chat_id
    return _present(
        {
            "event": event,
            "message_id": _ids(message)[0],
            "album": message.media_group_id,
            "ui_language": sender.language_code if sender else None,
            "own_tel": "+" + contact.phone_number.lstrip("+") if contact and own else None,
            "migrated_to": str(new_chat) if new_chat else None,
            "forwarded": "1" if message.forward_origin else None,
            "too_large": "1" if _is_too_large(message) else None,
            "intent": "status" if linked else None,
        }
    )


def _present(facts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: fact for name, fact in facts.items() if fact is not None}


def _addressed(message: Message, account: str, username: Username) -> bool:
    """Whether this is said to the bot: privately, in answer to it, by command or by name."""
    if message.chat.type == Chat.PRIVATE:
        return True
    earlier = message.reply_to_message
    if earlier and earlier.from_user and str(earlier.from_user.id) == account:
        return True
    names = set()
    for entity, words in _entities(message).items():
        if entity.type == MessageEntity.TEXT_MENTION and entity.user:
            if str(entity.user.id) == account:
                return True
        elif entity.type in (MessageEntity.BOT_COMMAND, MessageEntity.MENTION):
            names.add(words.partition("@")[2].lower())
    return "" in names or (bool(names) and _is_ours(username(), names))


def _is_ours(username: str | None, names: set[str]) -> bool:
    # While Telegram does not tell us our name, hearing too much beats missing a complaint.
    return username is None or username.lower() in names


def _entities(message: Message) -> dict[MessageEntity, str]:
    if message.text:
        return message.parse_entities()
    return message.parse_caption_entities() if message.caption else {}


def _files(message: Message) -> tuple[Attachment, ...]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (Attachment(content_type="image/jpeg", reference=largest.file_id),)
    carried = ((getattr(message, field), usual) for field, usual in _FILES.items())
    return tuple(
        Attachment(
            filename=getattr(file, "file_name", None),
            content_type=getattr(file, "mime_type", None) or usual,
            reference=file.file_id,
        )
        for file, usual in carried
        if file
    )


def _is_too_large(message: Message) -> bool:
    carried = (getattr(message, field) for field in _FILES)
    return any(file and (file.file_size or 0) > FILE_BYTES for file in carried)


def _location(message: Message) -> Location | None:
    venue = message.venue
    point = venue.location if venue else message.location
    if not point:
        return None
    latitude, longitude = float(point.latitude), float(point.longitude)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("not a point on Earth")
    label = ", ".join(filter(None, (venue.title, venue.address))) if venue else None
    return Location(latitude, longitude, label)


def _name(message: Message) -> str | None:
    """A person's name, or that of the group or channel behind which an administrator writes."""
    if message.sender_chat:
        return message.sender_chat.title
    return message.from_user.full_name if message.from_user else None


def _chat(chat: Chat) -> str:
    return _chat_id(chat.id)


def _chat_id(number: Any) -> str:
    return str(operator.index(number))


def _ids(message: Any) -> tuple[str, ...]:
    """The id of a message as we write it, or nothing when there is none."""
    if message is None:
        return ()
    return (f"{_chat(message.chat)}:{operator.index(message.message_id)}",)


def _sound(inbound: Inbound) -> Inbound:
    """The same, once every word is text: the library takes over whatever type the JSON had."""
    words = [inbound.text, inbound.sender_name, *inbound.hints.values()]
    for file in inbound.attachments:
        words += [file.filename, file.content_type, file.reference]
    if not all(word is None or isinstance(word, str) for word in words):
        raise TypeError("an update's text is not text")
    return inbound
