"""Telegram: every kind of update is read or kept, both ways, and what we say arrives once."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import (
    Attachment,
    BadSetting,
    Channel,
    Downloads,
    FetchFailed,
    Inbound,
    Location,
    Outbound,
    Outcome,
    Pulled,
    Pushed,
    Rejected,
    SendFailed,
    WireRequest,
)
from channels.telegram import PollingTelegram, Terms, WebhookTelegram
from channels.telegram.api import BotApi
from channels.telegram.parts import LIMIT, split
from channels.telegram.updates import FILE_BYTES, read
from tests.fakes.server import Answer
from tests.fakes.telegram import BOT_ID, SECRET, TOKEN, FakeTelegram, Sent, refusal
from tests.harness import AdapterContract, Wire, hook_url, make, post_json
from tests.servers.service import PATIENCE
from tests.wires import phrase

NOW = datetime(2025, 11, 21, 10, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
FILES = sorted(path.stem for path in PAYLOADS.glob("*.json"))
AMINA = "5512345678"
GROUP = "-1001234567890"
HIDDEN = TOKEN.partition(":")[2]
TERMS = Terms(phrase, "https://guichet.example/hooks/telegram")


@pytest.fixture
def api() -> Iterator[FakeTelegram]:
    with FakeTelegram(rates=False) as fake:
        fake.chats.add(int(AMINA))
        yield fake


@pytest.fixture
def webhook(api: FakeTelegram) -> WebhookTelegram:
    made = make("telegram", api.environ)
    assert isinstance(made, WebhookTelegram)
    return made


@pytest.fixture
def polling(api: FakeTelegram) -> PollingTelegram:
    made = make("telegram", {**api.environ, "TELEGRAM_MODE": "polling"})
    assert isinstance(made, PollingTelegram)
    return made


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def understood(body: bytes) -> Inbound:
    return read(body, account=str(BOT_ID), username=lambda: "GuichetBot", received_at=NOW)


def post(body: bytes, secret: str | None = SECRET) -> WireRequest:
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["x-telegram-bot-api-secret-token"] = secret
    url = "https://guichet.example/hooks/telegram"
    return WireRequest("POST", "", url, headers, (), (), body, NOW)


def sent_many(
    adapter: WebhookTelegram, messages: Sequence[Outbound], waits: Sequence[float] = ()
) -> list[str | SendFailed | None]:
    """What became of each; None of what was not begun."""
    numbered = [replace(message, id=number) for number, message in enumerate(messages)]
    outcomes: list[Outcome] = []
    adapter.send_many(numbered, outcomes.extend, waits)
    results = {outcome.message.id: outcome.result for outcome in outcomes}
    return [results.get(number) for number in range(len(messages))]


def patient(url: str, patience: float = PATIENCE) -> WebhookTelegram:
    """An adapter that waits so many seconds for an answer."""
    return WebhookTelegram(BotApi(TOKEN, url, patience), str(BOT_ID), TERMS, SECRET)


def say(text: str, to: str = AMINA, **more: Any) -> Outbound:
    return Outbound(id=1, to=to, text=text, language="fr", **more)


# The promises of every channel, in both modes.


def wire_to(api: FakeTelegram, mode: str) -> Wire:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}

    def deliver(update: dict[str, Any], proof: Mapping[str, str] = headers) -> WireRequest | None:
        if mode == "polling":
            api.queue(update)
            return None
        return post_json(hook_url("telegram"), update, proof)

    def forged() -> Iterator[tuple[str, WireRequest]]:
        proofs = {"no secret": {}, "wrong secret": dict.fromkeys(headers, SECRET[::-1])}
        for label, proof in proofs.items():
            if request := deliver(api.message(int(AMINA), text="faux"), proof):
                yield label, request

    return Wire(
        channel="telegram",
        environ={**api.environ, "TELEGRAM_MODE": mode},
        write=lambda text: deliver(api.message(int(AMINA), text=text)),
        unknown=lambda: deliver(api.message(int(AMINA), sticker={"emoji": "👍"})),
        forged=forged if mode == "webhook" else tuple,
        secrets=(HIDDEN, SECRET),
        recipient=AMINA,
        refuse_for_now=lambda: api.plan(refusal(429, "Too Many Requests", retry_after=3)),
        refuse_for_good=lambda: api.plan(refusal(403, "Forbidden: user is deactivated")),
        sent=lambda: [sent.text for sent in api.sent],
    )


class TestWebhook(AdapterContract):
    @pytest.fixture
    def wire(self, api: FakeTelegram) -> Wire:
        return wire_to(api, "webhook")


class TestPolling(AdapterContract):
    @pytest.fixture
    def wire(self, api: FakeTelegram) -> Wire:
        return wire_to(api, "polling")


# What citizens send.


def test_every_update_keeps_its_number_its_account_and_its_bytes() -> None:
    for name in FILES:
        body = payload(name)
        inbound = understood(body)
        assert inbound.external_id == str(json.loads(body)["update_id"]), name
        assert (inbound.account, inbound.raw, inbound.received_at) == (str(BOT_ID), body, NOW), name


SAID: Mapping[str, str] = {
    "text": "كاين واحد الحفرة كبيرة قدام المدرسة ديال حي الرياض 🕳️",
    "command": "/start 264831592783",
    "reply": "C'est devant le numéro 12.",
    "photo": "Lampadaire cassé, rue Ibn Sina",
    "document": "La facture",
    "video": "fuite d'eau",
    "voice": "",
    "location": "",
    "edited_message": "Il y a un trou devant l'école, au numéro 12.",
    "forwarded": "La commune coupe l'eau demain.",
    "callback_query": "Oui",
    "callback_query_old": "reopen",
    "group_command": "/status 264831592783",
    "group_mention": "🕳️ @guichetbot trou devant l'école",
    "group_chatter": "Vous avez de l'eau, vous ?",
}


@pytest.mark.parametrize("name", SAID)
def test_text_caption_and_button_are_what_was_said(name: str) -> None:
    assert understood(payload(name)).text == SAID[name]


CARRIED: Mapping[str, tuple[Attachment, ...]] = {
    "text": (),
    "photo": (Attachment(None, "image/jpeg", None, "AgACAgQAAx-large"),),
    "album": (Attachment(None, "image/jpeg", None, "AgACAgQAAx-album"),),
    "document": (Attachment("facture eau.pdf", "application/pdf", None, "BQACAgQAAx-facture"),),
    "animation": (Attachment("fuite.mp4", "video/mp4", None, "CgACAgQAAx-fuite"),),
    "voice": (Attachment(None, "audio/ogg", None, "AwACAgQAAx-voice"),),
    "audio": (Attachment("bruit.mp3", "audio/mpeg", None, "CQACAgQAAx-audio"),),
    "video": (Attachment("IMG_2041.MP4", "video/mp4", None, "BAACAgQAAx-video"),),
    "video_note": (Attachment(None, "video/mp4", None, "DQACAgQAAx-note"),),
    "sticker": (),
}


@pytest.mark.parametrize("name", CARRIED)
def test_a_file_comes_once_and_a_photo_in_its_largest_size(name: str) -> None:
    assert understood(payload(name)).attachments == CARRIED[name]


EVENTS: Mapping[str, str | None] = {
    "text": None,
    "photo": None,
    "voice": None,
    "location": None,
    "callback_query": None,
    "callback_query_old": None,
    "group_command": None,
    "group_mention": None,
    "group_caption": None,
    "group_text_mention": None,
    "group_reply": None,
    "group_anonymous_admin": None,
    "group_chatter": "not-addressed",
    "group_other_bot": "not-addressed",
    "group_migrated": "migrated",
    "group_left": "blocked",
    "edited_message": "edited",
    "contact_own": "contact",
    "contact_other": "contact",
    "blocked": "blocked",
    "unblocked": "unblocked",
    "sticker": "not-understood",
    "poll": "not-understood",
    "dice": "not-understood",
    "story": "not-understood",
    "future_kind": "not-understood",
    "pinned": "service",
    "live_location_moved": "service",
    "edited_caption": "edited",
    "group_added": "unblocked",
    "group_edited": "not-addressed",
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_no_complaint_says_why(name: str) -> None:
    assert understood(payload(name)).hints.get("event") == EVENTS[name]


PLACES: Mapping[str, Location] = {
    "location": Location(34.020882, -6.84165),
    "venue": Location(33.589886, -7.603869, "Marché central, Boulevard Mohammed V, Casablanca"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_place_keeps_its_point_and_its_name(name: str) -> None:
    assert understood(payload(name)).location == PLACES[name]


SENDERS = {
    "text": (AMINA, "أمينة بنعلي"),
    "callback_query": (AMINA, "أمينة بنعلي"),
    "blocked": (AMINA, "أمينة بنعلي"),
    "group_chatter": (GROUP, "أمينة بنعلي"),
    "group_anonymous_admin": (GROUP, "Jirane Hay Riad"),
    "future_kind": ("", None),
}


@pytest.mark.parametrize("name", SENDERS)
def test_the_sender_is_the_chat_that_can_be_answered(name: str) -> None:
    inbound = understood(payload(name))
    assert (inbound.sender, inbound.sender_name) == SENDERS[name]


THREADS = {
    "text": (),
    "reply": (f"{AMINA}:39",),
    "callback_query": (f"{AMINA}:38",),
    "callback_query_old": (f"{AMINA}:12",),
    "group_reply": (f"{GROUP}:31",),
}


@pytest.mark.parametrize("name", THREADS)
def test_an_answer_names_the_message_it_answers(name: str) -> None:
    assert understood(payload(name)).in_reply_to == THREADS[name]


def test_our_answer_hangs_on_what_was_asked(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    asked = understood(payload("text")).hints["message_id"]
    webhook.send(say("Reçu.", in_reply_to=asked))
    assert f"{AMINA}:{api.sent[-1].reply_to}" == asked


def test_an_edit_names_the_message_it_changes() -> None:
    number = json.loads(payload("edited_message"))["edited_message"]["message_id"]
    assert understood(payload("edited_message")).in_reply_to == (f"{AMINA}:{number}",)


def test_the_language_of_the_telegram_is_not_one_that_the_citizen_chose() -> None:
    hints = understood(payload("text")).hints
    assert hints["ui_language"] == "fr"
    assert "language" not in hints


def test_a_number_is_proved_only_by_the_owner_of_the_card() -> None:
    assert understood(payload("contact_own")).hints["own_tel"] == "+212612345678"
    assert "own_tel" not in understood(payload("contact_other")).hints


PRESSED = {"callback_query": ("rate:5", "Oui"), "callback_query_old": ("reopen", "reopen")}


@pytest.mark.parametrize("name", PRESSED)
def test_a_pressed_button_tells_its_value_and_what_stood_on_it(name: str) -> None:
    inbound = understood(payload(name))
    assert (inbound.hints["pressed"], inbound.text) == PRESSED[name]


LINKS: Mapping[str, str | None] = {
    "/start 264831592783": "status",
    "/start@GuichetBot 264831592783": "status",
    "/start": None,
    "/start affiche": None,
    "/status 264831592783": None,
}


@pytest.mark.parametrize("text", LINKS)
def test_a_link_with_a_number_asks_for_that_case(text: str) -> None:
    update = json.loads(payload("text"))
    update["message"]["text"] = text
    inbound = understood(json.dumps(update).encode())
    assert inbound.hints.get("intent") == LINKS[text]
    assert inbound.text == text.replace("@GuichetBot", "")


def test_a_forwarded_message_says_so_and_keeps_its_words() -> None:
    assert understood(payload("forwarded")).hints["forwarded"] == "1"
    assert "forwarded" not in understood(payload("text")).hints


@pytest.mark.parametrize("size", [FILE_BYTES, FILE_BYTES + 1])
def test_a_file_that_telegram_does_not_hand_out_is_told_with_its_name(size: int) -> None:
    update = json.loads(payload("document"))
    update["message"]["document"]["file_size"] = size
    inbound = understood(json.dumps(update).encode())
    assert ("too_large" in inbound.hints) == (size > FILE_BYTES)
    assert inbound.attachments[0].filename == "facture eau.pdf"


def test_a_card_in_a_group_proves_nobodys_number() -> None:
    update = json.loads(payload("contact_own"))
    update["message"]["chat"] = {"id": int(GROUP), "type": "supergroup", "title": "Jirane"}
    assert "own_tel" not in understood(json.dumps(update).encode()).hints


def test_an_album_and_a_new_group_are_told() -> None:
    assert understood(payload("album")).hints["album"] == "13578642097531246"
    assert understood(payload("group_migrated")).hints["migrated_to"] == GROUP


# What nobody should send.

BROKEN = {
    "nothing": b"",
    "no JSON": b"{update",
    "not UTF-8": b'{"update_id": 7, "message": "\xff\xfe"}',
    "a list": b"[1, 2]",
    "no number": b'{"message": {}}',
    "deep": b"[" * 100_000,
    "a number too far": b'{"update_id": 7, "message": {"message_id": 1, "date": 1e300}}',
    "a text that is none": payload("text").replace(b'"text": "', b'"text": 5, "x": "'),
    "nowhere": payload("location").replace(b"34.020882", b"NaN"),
}


@pytest.mark.parametrize("label", BROKEN)
def test_what_cannot_be_read_is_kept_with_all_its_bytes(label: str) -> None:
    inbound = understood(BROKEN[label])
    assert inbound.hints == {"event": "not-understood"}
    assert inbound.raw == BROKEN[label]
    assert inbound.external_id
    assert inbound.external_id == understood(BROKEN[label]).external_id


def test_half_a_surrogate_pair_does_not_reach_the_database() -> None:
    body = payload("forwarded").replace(b"La commune", b"La \\ud83d commune")
    assert understood(body).text.encode() == b"La ? commune coupe l'eau demain."


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "type"]), st.integers(), max_size=2),
)


def _paths(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in some JSON."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _paths(inner)


@settings(max_examples=300)
@given(st.data())
def test_no_damage_to_an_update_makes_reading_fail(data: st.DataObject) -> None:
    update = json.loads(payload(data.draw(st.sampled_from(FILES))))
    container, key = data.draw(st.sampled_from(list(_paths(update))))
    container[key] = data.draw(ODD)
    inbound = understood(json.dumps(update).encode())
    assert isinstance(inbound.text, str)
    assert all(isinstance(word, str) for word in (inbound.sender, *inbound.hints.values()))


# Webhook.


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "é\udc80"])
def test_who_does_not_know_the_secret_is_rejected(
    webhook: WebhookTelegram, secret: str | None
) -> None:
    with pytest.raises(Rejected):
        webhook.receive(post(payload("text"), secret))


@pytest.mark.parametrize("name", FILES)
def test_the_answer_to_an_update_is_an_empty_200(webhook: WebhookTelegram, name: str) -> None:
    request = post(payload(name))
    [inbound] = webhook.receive(request)
    reply = webhook.answer(request, [])
    assert reply.status == 200
    if inbound.hints.get("callback_query"):
        # The button stops waiting: Telegram takes a method call as the answer.
        assert json.loads(reply.body)["callback_query_id"] == inbound.hints["callback_query"]
    else:
        assert reply.body == b""


def test_the_webhook_is_set_with_the_secret_and_the_kinds_we_read(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    assert webhook.set_webhook() == api.webhook["url"]
    assert api.webhook["url"] == "https://guichet.example/hooks/telegram"
    assert api.webhook["secret_token"] == SECRET
    assert "edited_message" in json.loads(api.webhook["allowed_updates"])


def test_in_a_group_the_bot_learns_its_name_once(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    for name, event in [("group_mention", None), ("group_other_bot", "not-addressed")]:
        [inbound] = webhook.receive(post(payload(name)))
        assert inbound.hints.get("event") == event
    assert [asked.path.rpartition("/")[2] for asked in api.asked] == ["getMe"]


def test_a_name_in_a_group_is_heard_while_telegram_is_away(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    api.plan("reset")
    [inbound] = webhook.receive(post(payload("group_mention")))
    assert "event" not in inbound.hints


# Long polling.


def test_an_update_comes_again_until_it_is_settled(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    api.queue(api.message(77, text="premier"))
    [first] = [inbound for inbound in polling.fetch() if inbound.text]
    assert [inbound.text for inbound in polling.fetch()] == ["premier"]
    polling.settle(first)
    assert list(polling.fetch()) == []
    assert api.waiting == []


def test_raw_keeps_what_the_library_does_not_know(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    update = api.message(77, text="ⴰⵣⵓⵍ 👋", smoke={"puffs": [1, 2]})
    api.queue(update)
    inbound = next(polling.fetch())
    assert json.loads(inbound.raw) == update
    assert inbound.text == "ⴰⵣⵓⵍ 👋"


def test_fetch_goes_on_past_a_batch_of_a_hundred(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    for number in range(250):
        api.queue(api.message(77, text=f"n° {number}"))
    texts = []
    for inbound in polling.fetch():
        texts.append(inbound.text)
        polling.settle(inbound)
    assert texts == [f"n° {number}" for number in range(250)]


def test_an_update_that_was_not_stored_is_never_confirmed_by_those_after_it(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    for text in ("un", "deux", "trois"):
        api.queue(api.message(77, text=text))
    batch = iter(polling.fetch())
    for inbound in (next(batch), next(batch), next(batch)):
        if inbound.text != "deux":
            polling.settle(inbound)
    assert [inbound.text for inbound in polling.fetch()][:1] == ["deux"]


def test_a_new_process_hears_what_the_last_one_did_not_settle(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    api.queue(api.message(77, text="perdu ?"))
    next(polling.fetch())
    heir = make("telegram", {**api.environ, "TELEGRAM_MODE": "polling"})
    assert isinstance(heir, PollingTelegram)
    assert [inbound.text for inbound in heir.fetch()][:1] == ["perdu ?"]


def test_what_ends_the_wait_is_the_next_to_be_fetched(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    polling.wait(0)
    waiter = threading.Thread(target=polling.wait, args=(30,))
    waiter.start()
    api.queue(api.message(77, text="enfin"))
    waiter.join()
    assert next(polling.fetch()).text == "enfin"


def test_after_close_what_was_waiting_is_asked_for_again(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    api.queue(api.message(77, text="encore"))
    polling.wait(1)
    polling.close()
    assert next(polling.fetch()).text == "encore"


def test_a_webhook_in_the_way_is_said_and_can_be_taken_away(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    api.webhook = {"url": "https://guichet.example/hooks/telegram"}
    with pytest.raises(FetchFailed, match="webhook is active") as failure:
        list(polling.fetch())
    assert failure.value.retryable
    polling.delete_webhook()
    assert list(polling.fetch()) == []


def test_one_unreadable_update_does_not_hold_up_the_others(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    api.queue({"update_id": 730_000_500, "message": {"message_id": "?", "chat": 5}})
    api.queue({**api.message(77, text="moi aussi"), "update_id": 730_000_501})
    fetched = []
    for inbound in polling.fetch():
        fetched.append((inbound.external_id, inbound.hints.get("event")))
        polling.settle(inbound)
    assert fetched == [("730000500", "not-understood"), ("730000501", None)]
    assert api.waiting == []


@pytest.mark.parametrize("away", [False, True], ids=["answered", "telegram away"])
def test_settling_a_button_ends_its_waiting_sign(
    api: FakeTelegram, polling: PollingTelegram, away: bool
) -> None:
    inbound = understood(payload("callback_query"))
    if away:
        api.plan("reset")
    polling.settle(inbound)
    assert api.answered == ([] if away else [inbound.hints["callback_query"]])


def test_each_mode_is_heard_in_one_way(webhook: WebhookTelegram, polling: PollingTelegram) -> None:
    for made in (webhook, polling):
        assert isinstance(made, Channel)
        assert isinstance(made, Downloads)
    assert isinstance(webhook, Pushed)
    assert not isinstance(webhook, Pulled)
    assert isinstance(polling, Pulled)
    assert not isinstance(polling, Pushed)


# What we say.


def test_the_id_of_a_message_is_what_a_reply_to_it_names(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    said = webhook.send(say("2648 3159 2783: où exactement ?"))
    [sent] = api.sent
    quoted = {"message_id": sent.number, "chat": {"id": sent.chat, "type": "private"}, "date": 0}
    answer = api.message(sent.chat, text="Rue 12", reply_to_message=quoted)
    assert understood(json.dumps(answer).encode()).in_reply_to == (said,)


def test_a_message_is_plain_text_without_a_preview(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    text = "*Reçu* <b>2648</b> _https://guichet.example_ [شكراً](x) ⵜⴰⵏⵎⵎⵉⵔⵜ 👩🏽‍🚒"
    number = int(webhook.send(say(text)).partition(":")[2])
    assert api.sent == [Sent(int(AMINA), number, text, preview=False)]


MARKS = tuple((f"rate:264831592783:{mark}", str(mark)) for mark in range(1, 6))
LANGUAGES = (("language:ar", "العربية"), ("language:fr", "Français"), ("language:en", "English"))
CASES = (
    ("case:264831592783", "2648 3159 2783 · réponse"),
    ("case:264831592880", "2648 3159 2880 · reçue"),
)
#: Labels in rows, as they stand on a narrow phone.
CHOICES: Mapping[str, tuple[tuple[tuple[str, str], ...], list[list[str]]]] = {
    "the marks of a rating in a row": (MARKS, [["1", "2", "3", "4", "5"]]),
    "languages two a row": (LANGUAGES, [["العربية", "Français"], ["English"]]),
    "cases one a row": (CASES, [[CASES[0][1]], [CASES[1][1]]]),
}


@pytest.mark.parametrize("label", CHOICES)
def test_choices_are_buttons(api: FakeTelegram, webhook: WebhookTelegram, label: str) -> None:
    choices, rows = CHOICES[label]
    webhook.send(say("?", choices=choices))
    [sent] = api.sent
    assert [[button[0] for button in row] for row in sent.buttons] == rows
    assert tuple((data, text) for row in sent.buttons for text, data in row) == choices


ASKS: Mapping[str, tuple[str, str, str, tuple[tuple[str, str], ...]]] = {
    "a place": (AMINA, "location", "fr", ((phrase("button_location", "fr"), "location"),)),
    "a number": (AMINA, "contact", "ar", ((phrase("button_contact", "ar"), "contact"),)),
    "nothing": (AMINA, "", "fr", ()),
    "in a group, which has no such keys": (GROUP, "location", "fr", ()),
}


@pytest.mark.parametrize("label", ASKS)
def test_a_place_or_a_number_is_one_key_away(
    api: FakeTelegram, webhook: WebhookTelegram, label: str
) -> None:
    chat, asks, language, keys = ASKS[label]
    api.chats.add(int(chat))
    webhook.send(replace(say("?", to=chat, asks=asks), language=language))
    assert api.sent[-1].keys == keys


def test_the_key_goes_away_with_the_next_answer(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    webhook.send(say("?", asks="location"))
    webhook.send(say("Merci."))
    assert b"remove_keyboard" in api.asked[-1].body


def test_buttons_that_are_over_are_taken_off(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    asked = webhook.send(say("?", choices=MARKS))
    webhook.send(say("Merci.", retires=asked))
    assert [sent.buttons for sent in api.sent] == [(), ()]


@pytest.mark.parametrize("gone", ["5512345678:9999", "nonsense", ":"])
def test_buttons_that_cannot_be_taken_off_are_no_failure(
    api: FakeTelegram, webhook: WebhookTelegram, gone: str
) -> None:
    assert webhook.send(say("Merci.", retires=gone))


def test_a_choice_that_no_button_carries_is_refused_at_once(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    with pytest.raises(SendFailed) as failure:
        webhook.send(say("?", choices=(("ع" * 33, "66 bytes"),)))
    assert not failure.value.retryable
    assert api.sent == []


REPLIES = {
    "to this chat": (f"{AMINA}:38", 38),
    "to another chat": ("77:38", None),
    "to an update": ("730000101", None),
    "to nothing": (None, None),
}


@pytest.mark.parametrize("label", REPLIES)
def test_an_answer_hangs_on_the_message_it_answers(
    api: FakeTelegram, webhook: WebhookTelegram, label: str
) -> None:
    in_reply_to, number = REPLIES[label]
    webhook.send(say("Reçu.", in_reply_to=in_reply_to))
    assert api.sent[-1].reply_to == number


def test_a_long_text_goes_in_parts_with_the_buttons_under_the_last(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    text = "La commune a réparé la chaussée. " * 300
    said = webhook.send(say(text, choices=(("ok", "Merci"),), in_reply_to=f"{AMINA}:38"))
    assert " ".join(sent.text for sent in api.sent) == text.strip()
    assert all(sent.text.endswith("chaussée.") for sent in api.sent)
    assert [bool(sent.buttons) for sent in api.sent] == [False, False, True]
    assert [sent.reply_to for sent in api.sent] == [38, None, None]
    assert said == f"{AMINA}:{api.sent[-1].number}"


CUTS = {
    "short": ("Bonjour.", 10, ["Bonjour."]),
    "empty": ("", 10, [""]),
    "sentence": ("Un. Deux. Trois quatre", 12, ["Un. Deux.", "Trois quatre"]),
    "arabic question": ("أين؟ هناك قرب", 10, ["أين؟", "هناك قرب"]),
    "line": ("un deux\ntrois quatre", 14, ["un deux", "trois quatre"]),
    "word": ("un deux trois", 10, ["un deux", "trois"]),
    "no pause": ("abcdefghijkl", 5, ["abcde", "fghij", "kl"]),
    "emoji": ("🕳🕳🕳", 5, ["🕳🕳", "🕳"]),
    "blank after the last": ("abcde     ", 5, ["abcde"]),
}


@pytest.mark.parametrize("label", CUTS)
def test_texts_are_cut_where_a_reader_pauses(label: str) -> None:
    text, limit, parts = CUTS[label]
    assert split(text, limit) == parts


@given(st.text(st.sampled_from("ab. \n🕳ع؟")), st.integers(2, 9))
def test_no_part_is_too_long_and_no_word_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(len(part.encode("utf-16-le")) <= 2 * limit for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)
    assert all(parts) or parts == [""]


PDF = Attachment("قرار.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
FILED = ("قرار.pdf", b"%PDF-1.7 \x00\xff")
WITH_FILES: Mapping[str, tuple[str, int, list[tuple[str, Any]]]] = {
    "words and file in one": ("Voici.", 1, [("Voici.", FILED)]),
    "several files": ("Voici.", 2, [("Voici.", None), ("", FILED), ("", FILED)]),
    "words too long for a caption": ("x" * 1025, 1, [("x" * 1025, None), ("", FILED)]),
    "the longest caption": ("x" * 1024, 1, [("x" * 1024, FILED)]),
}


@pytest.mark.parametrize("label", WITH_FILES)
def test_an_agent_can_send_files(api: FakeTelegram, webhook: WebhookTelegram, label: str) -> None:
    text, files, expected = WITH_FILES[label]
    said = webhook.send(say(text, attachments=(PDF,) * files, choices=(("ok", "Merci"),)))
    assert [(sent.text, sent.file) for sent in api.sent] == expected
    assert said == f"{AMINA}:{api.sent[0].number}"
    assert [bool(sent.buttons) for sent in api.sent] == [True] + [False] * (len(expected) - 1)


def test_a_batch_keeps_the_order_within_each_chat(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    api.chats |= {1, 2, 3}
    batch = [say(f"{number}", to=str(number % 3 + 1)) for number in range(60)]
    outcomes = sent_many(webhook, batch)
    assert all(isinstance(outcome, str) for outcome in outcomes)
    for chat in (1, 2, 3):
        texts = [int(sent.text) for sent in api.sent if sent.chat == chat]
        assert texts == sorted(texts)
    assert len(api.sent) == 60


def test_one_refusal_in_a_batch_is_its_own(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    api.blocked.add(2)
    api.chats.add(3)
    good, empty, blocked, unknown, last = sent_many(
        webhook,
        [say("un"), say(""), say("deux", to="2"), say("trois", to="4"), say("quatre", to="3")],
    )
    assert isinstance(good, str)
    assert isinstance(last, str)
    assert all(isinstance(bad, SendFailed) for bad in (empty, blocked, unknown))


def test_after_a_retryable_failure_the_chat_s_later_messages_wait(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    api.plan(refusal(429, "Too Many Requests: retry after 7", retry_after=7))
    first, second = sent_many(webhook, [say("un"), say("deux")])
    assert isinstance(first, SendFailed)
    assert second is None
    assert api.sent == []


def test_a_group_that_moved_says_where_to(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    api.migrated[-4099887766] = int(GROUP)
    with pytest.raises(SendFailed) as failure:
        webhook.send(say("Réparé.", to="-4099887766"))
    assert (failure.value.moved_to, failure.value.retryable) == (GROUP, True)


def test_nothing_more_is_begun_when_nobody_gets_through(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    """Two chats refused at once: it is the bot that is too quick, and all the others wait."""
    api.flooded = dict.fromkeys(range(1, 31), 7)
    outcomes = sent_many(webhook, [say("?", to=f"{chat}") for chat in range(1, 31)])
    refused = [one for one in outcomes if isinstance(one, SendFailed)]
    assert [one.everyone for one in refused].count(False) == 1
    assert None in outcomes
    assert len(refused) == len(api.asked)
    assert api.sent == []


def test_one_chat_that_is_refused_holds_up_no_other(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    api.chats.add(2)
    api.flooded[int(AMINA)] = 7
    refused, taken = sent_many(webhook, [say("un"), say("deux", to="2")])
    assert isinstance(refused, SendFailed)
    assert not refused.everyone
    assert isinstance(taken, str)


def test_a_message_is_not_sent_before_its_turn(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    api.chats.add(2)
    sent_many(webhook, [say("second"), say("first", to="2")], waits=[0.2, 0])
    assert [sent.text for sent in api.sent] == ["first", "second"]


def test_what_fails_half_way_may_be_said_twice_and_says_so(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    api.plan(_sent_message(), refusal(429, "Too Many Requests: retry after 60", retry_after=60))
    [outcome] = sent_many(webhook, [say("mot " * 2000)])
    assert isinstance(outcome, SendFailed)
    assert outcome.unknown


def test_a_long_text_waits_a_moment_between_its_parts_when_told_to(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    api.plan(_sent_message(), refusal(429, "Too Many Requests: retry after 1", retry_after=1))
    webhook.send(say("mot " * 2000))
    assert len(api.sent) == 1


def _sent_message() -> Answer:
    chat = {"id": int(AMINA), "type": "private"}
    about = {"message_id": 5, "date": 1763717500, "chat": chat}
    return Answer(200, json.dumps({"ok": True, "result": about}).encode())


def test_threads_may_send_at_once(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    threads = [threading.Thread(target=webhook.send, args=(say(f"{n}"),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent.text for sent in api.sent) == [f"{n}" for n in range(8)]


# What goes wrong at Telegram: what is said of it, beside False and None, and words of the reason.

FAILURES: Mapping[str, tuple[Any, dict[str, Any], str]] = {
    "throttled": (
        refusal(429, "Too Many Requests: retry after 7", retry_after=7),
        {"retryable": True, "retry_after": 7.0},
        "Retry in 7",
    ),
    "blocked": (
        refusal(403, "Forbidden: bot was blocked by the user"),
        {"opted_out": True},
        "blocked by the user",
    ),
    "no such chat": (refusal(400, "Bad Request: chat not found"), {}, "Chat not found"),
    "moved": (
        refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
        {"retryable": True, "moved_to": "-1009"},
        "another id",
    ),
    "wrong token": (
        refusal(401, "Unauthorized"),
        {"retryable": True, "everyone": True},
        "TELEGRAM_BOT_TOKEN",
    ),
    "bad gateway": (
        Answer(502, b"<html>Bad Gateway</html>", "text/html"),
        {"retryable": True},
        "Bad Gateway",
    ),
    "its own fault": (refusal(500, "Internal Server Error"), {"retryable": True}, "Internal"),
    "cut off": ("reset", {"retryable": True, "unknown": True}, "out of reach"),
    "silence": ("silence", {"retryable": True, "unknown": True}, "outcome unknown"),
    "nonsense": (
        Answer(200, b"<html>"),
        {"retryable": True, "unknown": True},
        "Invalid server response",
    ),
    "no result": (
        Answer(200, b'{"ok": true}'),
        {"retryable": True, "unknown": True},
        "outcome unknown",
    ),
}
MEANINGS = ("retryable", "opted_out", "retry_after", "moved_to", "unknown", "everyone")


@pytest.mark.parametrize("label", FAILURES)
def test_failures_are_told_apart(api: FakeTelegram, label: str) -> None:
    trouble, expected, words = FAILURES[label]
    api.plan(trouble)
    with pytest.raises(SendFailed) as raised:
        # Nobody else is waited for in vain: on a slow machine an answer takes its time.
        patient(api.url, 1.0 if trouble == "silence" else PATIENCE).send(say("Reçu."))
    said = {name: getattr(raised.value, name) for name in MEANINGS}
    assert {name: value for name, value in said.items() if value} == expected
    assert words in raised.value.reason


def test_a_server_that_is_not_there_is_a_reason_to_try_again() -> None:
    with pytest.raises(SendFailed, match="out of reach") as failure:
        patient("http://127.0.0.1:9").send(say("Reçu."))
    assert failure.value.retryable
    assert failure.value.everyone
    assert not failure.value.unknown


def test_the_check_tells_a_wrong_token_from_an_unreachable_telegram(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    webhook.set_webhook()
    assert "@GuichetBot" in webhook.check()
    api.plan(refusal(401, "Unauthorized"))
    with pytest.raises(SendFailed, match="TELEGRAM_BOT_TOKEN"):
        webhook.check()
    api.plan("reset")
    with pytest.raises(SendFailed, match="out of reach"):
        webhook.check()


HOOK = "https://guichet.example/hooks/telegram"
WEBHOOKS: Mapping[str, tuple[dict[str, Any], tuple[int, str] | None, str | None]] = {
    "as it should be": ({"url": HOOK}, None, None),
    "none": ({}, None, "knows no webhook"),
    "somewhere else": ({"url": "https://old.example/hook"}, None, "old.example"),
    "not every kind": ({"url": HOOK, "allowed_updates": '["message"]'}, None, "all that we read"),
    "cannot reach us": ({"url": HOOK}, (0, f"SSL error {TOKEN}"), "SSL error"),
    "could not reach us": ({"url": HOOK}, (-86400, "SSL error"), None),
}


@pytest.mark.parametrize("label", WEBHOOKS)
def test_the_check_says_what_is_wrong_with_the_webhook(
    api: FakeTelegram, webhook: WebhookTelegram, label: str
) -> None:
    api.webhook, trouble, words = WEBHOOKS[label]
    if trouble:
        api.queue(api.message(77, text="waits"))
        api.trouble = int(datetime.now(UTC).timestamp()) + trouble[0], trouble[1]
    if words is None:
        assert "@GuichetBot" in webhook.check()
    else:
        with pytest.raises(SendFailed, match=words) as problem:
            webhook.check()
        assert HIDDEN not in problem.value.reason


def test_the_check_says_that_a_webhook_is_in_the_way_of_polling(
    api: FakeTelegram, polling: PollingTelegram
) -> None:
    assert "@GuichetBot" in polling.check()
    api.webhook = {"url": HOOK}
    with pytest.raises(SendFailed, match="delete-webhook"):
        polling.check()
    polling.delete_webhook()
    assert "@GuichetBot" in polling.check()


def test_the_menu_has_every_command_in_every_language_that_telegram_knows(
    api: FakeTelegram, webhook: WebhookTelegram
) -> None:
    webhook.register_commands()
    assert set(api.commands) == {"", "ar", "fr", "en", "es"}
    assert api.commands[""] == api.commands["ar"]
    for language, commands in api.commands.items():
        names = [command["command"] for command in commands]
        assert names == ["new", "cases", "status", "follow", "language", "help", "stop"], language
    assert len({str(commands) for commands in api.commands.values()}) == 4
    assert api.menu == {"type": "commands"}


# Files.


def test_a_file_is_fetched_by_its_id(api: FakeTelegram, webhook: WebhookTelegram) -> None:
    api.files["AwACAgQAAx-voice"] = b"OggS\x00\xff"
    [voice] = understood(payload("voice")).attachments
    assert webhook.download(voice, limit=6) == b"OggS\x00\xff"


def _get_file(api: FakeTelegram, **file: Any) -> Answer:
    about = {"file_id": "f", "file_unique_id": "f", **file}
    return Answer(200, json.dumps({"ok": True, "result": about}).encode())


LOST: Mapping[str, tuple[int, bool]] = {
    "larger than we take": (100, False),
    "larger than Telegram hands out": (FILE_BYTES + 1, False),
    "unknown": (0, False),
    "server away": (5, True),
    "wrong token": (5, True),
    "grown since it was measured": (100, False),
    "on the server's own disk": (5, False),
    "no longer there": (5, True),
}


@pytest.mark.parametrize("label", LOST)
def test_a_file_that_cannot_be_had_says_whether_to_try_again(
    api: FakeTelegram, webhook: WebhookTelegram, label: str
) -> None:
    size, retryable = LOST[label]
    if size:
        api.files["f"] = bytes(size)
    plans: Mapping[str, Any] = {
        "server away": "reset",
        "wrong token": refusal(401, "Unauthorized"),
        "grown since it was measured": _get_file(api, file_path="documents/f"),
        "on the server's own disk": _get_file(api, file_path="/etc/hostname"),
        "no longer there": _get_file(api, file_path="documents/gone"),
    }
    if label in plans:
        api.plan(plans[label])
    with pytest.raises(FetchFailed) as failure:
        webhook.download(Attachment(reference="f"), limit=50 if size == 100 else 2 * FILE_BYTES)
    assert failure.value.retryable is retryable


# Settings and secrets.

SETTINGS: Mapping[str, tuple[dict[str, str], type | str | None]] = {
    "no token": ({"TELEGRAM_BOT_TOKEN": ""}, None),
    "webhook by default": ({}, WebhookTelegram),
    "webhook": ({"TELEGRAM_MODE": "webhook"}, WebhookTelegram),
    "polling": ({"TELEGRAM_MODE": "polling", "TELEGRAM_SECRET_TOKEN": ""}, PollingTelegram),
    "another mode": ({"TELEGRAM_MODE": "pigeon"}, "TELEGRAM_MODE"),
    "anybody may push": ({"TELEGRAM_SECRET_TOKEN": ""}, "TELEGRAM_SECRET_TOKEN"),
    "a secret Telegram refuses": ({"TELEGRAM_SECRET_TOKEN": "à nous"}, "TELEGRAM_SECRET_TOKEN"),
    "half a token": ({"TELEGRAM_BOT_TOKEN": HIDDEN}, "TELEGRAM_BOT_TOKEN"),
    "no address": ({"TELEGRAM_API_URL": "api.telegram.org"}, "TELEGRAM_API_URL"),
    "half an address": ({"TELEGRAM_API_URL": "http://[::1"}, "TELEGRAM_API_URL"),
    "no port": ({"TELEGRAM_API_URL": "http://127.0.0.1:port"}, "TELEGRAM_API_URL"),
    "telegram's own": ({"TELEGRAM_API_URL": ""}, WebhookTelegram),
}


@pytest.mark.parametrize("label", SETTINGS)
def test_settings_make_the_adapter_or_name_what_is_wrong(label: str) -> None:
    changes, expected = SETTINGS[label]
    environ = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_SECRET_TOKEN": SECRET, **changes}
    if isinstance(expected, str):
        with pytest.raises(BadSetting) as problem:
            make("telegram", environ)
        assert problem.value.name == expected
        assert HIDDEN not in str(problem.value)
    else:
        assert type(make("telegram", environ)) is (expected or type(None))


def test_the_token_shows_in_no_log_no_error_and_no_repr(
    api: FakeTelegram, webhook: WebhookTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.files["f"] = b"x"
    webhook.set_webhook()
    webhook.check()
    webhook.send(say("Un mot à ne pas répéter"))
    webhook.download(Attachment(reference="f"), limit=9)
    echo = Answer(404, f"no such path: /bot{TOKEN}/getMe".encode(), "text/plain")
    messages = []
    for trouble in (echo, refusal(401, TOKEN), replace(echo, status=502), "reset"):
        for act in (
            webhook.check,
            lambda: webhook.send(say("?")),
            lambda: webhook.download(Attachment(reference="f"), limit=9),
        ):
            api.plan(trouble)
            with pytest.raises((SendFailed, FetchFailed)) as failure:
                act()
            messages.append(str(failure.value))
    everything = caplog.text + " ".join(messages) + repr(webhook) + repr(vars(webhook))
    assert HIDDEN not in everything
    assert "ne pas répéter" not in everything


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 64 * 1024])
def test_texts_of_any_length_pass_telegram_s_limit(
    api: FakeTelegram, webhook: WebhookTelegram, size: int
) -> None:
    webhook.send(say("ع" * size))
    assert sum(len(sent.text) for sent in api.sent) == size
