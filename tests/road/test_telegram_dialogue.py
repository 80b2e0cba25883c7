"""Whole conversations with the bot in every language, each update twice, over the real road."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.house import House
from gateway.messages import speak
from gateway.models import AddressRow, AttachmentRow, Case, Event, Message, OutboundRow
from normalizer.tracking import find
from tests.conftest import MakeHouse
from tests.fakes.telegram import FakeTelegram
from tests.gateway.messages_in import rows
from tests.road.chat import Chat

AMINA, BRAHIM, GROUP = 5512345678, 5587654321, -4099887766

#: A complaint, and what its writer adds to it.
SAID: Mapping[str, tuple[str, str]] = {
    "ar": ("الماء مقطوع عن حينا في فاس منذ يومين ولم يخبرنا أحد بالسبب", "قرب مدرسة ابن سينا"),
    "ary-Arab": ("الضو مقطوع علينا فالدار البيضاء هادي ثلت يام وحتى واحد ما جا", "حدا المدرسة"),
    "ary-Latn": (
        "l9ado l3am dyal tri9 f casa khasser hadi simana o 7ta wa7ed ma ja",
        "7da lmdrasa",
    ),
    "fr": (
        "Bonjour, les ordures débordent dans notre rue à Casablanca depuis une semaine",
        "C'est devant l'école Ibn Sina, au coin de la rue",
    ),
    "en": (
        "The street lights in our neighbourhood in Rabat have been broken for two weeks",
        "It is the street in front of the school",
    ),
    "es": (
        "Hay una fuga de agua enorme en nuestra calle de Tánger desde hace una semana",
        "Está delante de la escuela, en la esquina",
    ),
}


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A provider without rates: nobody waits for a test."""
    with FakeTelegram(rates=False) as provider:
        yield provider


@pytest.fixture
def house(make_house: MakeHouse, telegram: FakeTelegram) -> House:
    """A house whose webhook it calls."""
    environ = {"TELEGRAM_PER_SECOND": "1000", "TELEGRAM_CHAT_PER_SECOND": "1000"}
    return make_house(**telegram.environ, **environ)


@pytest.fixture
def amina(house: House, telegram: FakeTelegram) -> Chat:
    """Somebody who chats."""
    return Chat(house, telegram, AMINA)


def the_case(house: House) -> Any:
    """The only case there is."""
    (case,) = rows(house, Case)
    return case


def kinds(house: House) -> list[str]:
    """What happened to it, in a word each."""
    return [event.kind for event in rows(house, Event)]


@pytest.mark.parametrize("language", SAID)
def test_a_case_from_its_first_word_to_its_rating(
    house: House, amina: Chat, telegram: FakeTelegram, language: str
) -> None:
    complaint, detail = SAID[language]

    (acknowledged,) = amina.write(complaint)
    case = the_case(house)
    assert find(acknowledged.text) == (case.number,)
    assert speak(case.language, "ar") == language

    amina.press("details:")
    amina.write(detail)
    assert len(rows(house, Message, case_id=case.id)) >= 2

    (asked,) = amina.press("place:")
    assert [what for _, what in asked.keys] == ["location"]
    amina.share(location={"latitude": 33.5899, "longitude": -7.6039})
    assert the_case(house).location["latitude"] == 33.5899

    (followed,) = amina.press("follow:")
    assert "https://guichet.example/l/" in followed.text

    house.cases.change(case.number, status="closed", message="Réparé.", actor="agent")
    amina.work()
    rating, four = amina.button(f"rate:{case.number}:4")
    for _ in range(2):
        amina.send(telegram.press(rating, four))
    assert (the_case(house).rating, kinds(house).count("rated")) == (4, 1)

    assert len(rows(house, Case)) == 1
    assert {message.state for message in rows(house, Message)} == {"done"}
    assert len(rows(house, Message)) == len(amina.updates)
    assert {row.state for row in rows(house, OutboundRow)} == {"sent"}
    pressed = [
        update["callback_query"]["id"] for update in amina.updates if "callback_query" in update
    ]
    assert set(telegram.answered) == set(pressed)


def test_a_wrong_administration_is_put_right_by_two_buttons(house: House, amina: Chat) -> None:
    amina.write(SAID["fr"][0])
    before = the_case(house).administration
    amina.press("wrong:")
    asked, _ = amina.button("pick:")
    options = [(label, value) for row in asked.buttons for label, value in row]
    slugs = [slug for slug, _ in the_case(house).candidates]
    assert len(options) >= 2
    amina.press(options[1][1])
    chosen = the_case(house).administration
    assert chosen != before or chosen == slugs[0]
    # The same button once more, before the chat has taken it away, changes nothing.
    labelled = kinds(house)
    amina.send(amina.telegram.press(asked, options[1][1]))
    assert kinds(house) == labelled


def test_an_album_is_one_complaint(house: House, amina: Chat, telegram: FakeTelegram) -> None:
    updates = []
    for n, caption in enumerate(("Lampadaires cassés, rue Ibn Sina à Rabat", None, None)):
        telegram.files[f"photo-{n}"] = b"\xff\xd8\xff\xe0" + bytes([n]) * 40
        content = {"media_group_id": "1357", "photo": [_photo(f"photo-{n}")]}
        updates.append(
            telegram.message(AMINA, **content, **({"caption": caption} if caption else {}))
        )
    said = amina.send(*reversed(updates))
    case = the_case(house)
    assert len(said) == 1
    assert case.text == "Lampadaires cassés, rue Ibn Sina à Rabat"
    while house.pipeline.fetch():
        pass
    assert [file.state for file in rows(house, AttachmentRow)] == ["stored"] * 3
    assert {message.case_id for message in rows(house, Message)} == {case.id}


def test_old_buttons_do_nothing_to_a_case_that_is_over(house: House, amina: Chat) -> None:
    """Weeks later the first answer still hangs in the chat, with its buttons."""
    amina.write(SAID["fr"][0])
    case = the_case(house)
    house.cases.change(case.number, status="closed", message="Fait.", actor="agent")
    amina.work()
    for button in ("details:", "place:", "wrong:", "follow:"):
        assert len(amina.press(button)) == 1, button
    assert the_case(house).status == "closed"
    assert len(amina.press(f"rate:{case.number}:4")) == 1
    assert (the_case(house).rating, the_case(house).status) == (4, "closed")


def _photo(file_id: str) -> dict[str, Any]:
    return {"file_id": file_id, "file_unique_id": file_id, "width": 1280, "height": 960}


def test_an_edit_is_a_line_in_the_history_and_the_first_words_stay(
    house: House, amina: Chat
) -> None:
    amina.write(SAID["fr"][0])
    first = amina.updates[-1]["message"]
    edited = {**first, "text": first["text"] + ", au numéro 12", "edit_date": first["date"] + 60}
    said = amina.send({"update_id": 730_900_000, "edited_message": edited})
    assert said == []
    assert the_case(house).text == SAID["fr"][0]
    (edit,) = [event for event in rows(house, Event) if event.kind == "edited"]
    assert edit.data["after"].endswith("au numéro 12")


def test_a_reply_to_a_notice_belongs_to_its_case(house: House, amina: Chat) -> None:
    first, second = amina.write(SAID["fr"][0]), amina.write(SAID["ar"][0])
    quoted = {
        "message_id": first[0].number,
        "chat": {"id": AMINA, "type": "private"},
        "date": 1763717500,
        "text": first[0].text,
    }
    amina.write("C'est au coin de la rue Ibn Sina", reply_to_message=quoted)
    last = rows(house, Message)[-1]
    assert second or last
    assert last.case_id == rows(house, Case)[0].id


@pytest.mark.parametrize(
    "content",
    [
        {"sticker": {"file_id": "s", "emoji": "👍"}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"poll": {"id": "1", "question": "?", "options": []}},
    ],
    ids=["sticker", "dice", "poll"],
)
def test_what_says_nothing_gets_a_friendly_word_and_no_case(
    house: House, amina: Chat, content: dict[str, Any]
) -> None:
    assert len(amina.share(**content)) == 1
    assert rows(house, Case) == []


def test_ones_own_card_proves_a_number_and_somebody_elses_nothing(
    house: House, amina: Chat
) -> None:
    amina.write("/start")
    for user, number in ((AMINA, "212612345678"), (BRAHIM, "212687654321")):
        amina.share(contact={"phone_number": number, "first_name": "A", "user_id": user})
    proved = {row.value: row for row in rows(house, AddressRow) if row.kind == "tel"}
    assert list(proved) == ["+212612345678"]
    assert proved["+212612345678"].proved_at is not None


def test_a_link_opens_a_case_of_ones_own_and_of_nobody_else(
    house: House, amina: Chat, telegram: FakeTelegram
) -> None:
    amina.write(SAID["fr"][0])
    number = the_case(house).number
    (told,) = amina.write(f"/start {number}")
    assert find(told.text) == (number,)
    (refused,) = Chat(house, telegram, BRAHIM).write(f"/start {number}")
    assert find(refused.text) == ()


def test_who_says_stop_hears_that_and_nothing_more_until_start(house: House, amina: Chat) -> None:
    amina.write(SAID["fr"][0])
    case = the_case(house)
    assert len(amina.write("/stop")) == 1
    house.cases.change(case.number, status="answered", message="Réparé.", actor="agent")
    before = len(amina.heard)
    amina.work()
    assert len(amina.heard) == before
    assert len(amina.write("/start")) == 1


def test_cases_come_as_buttons_that_show_them(house: House, amina: Chat) -> None:
    amina.write(SAID["fr"][0])
    amina.write("/cases")
    (told,) = amina.press("case:")
    assert find(told.text) == (the_case(house).number,)


def test_the_language_is_chosen_by_a_button(house: House, amina: Chat) -> None:
    amina.write(SAID["fr"][0])
    amina.write("/language")
    amina.press("English")
    (said,) = amina.write("/help")
    assert the_case(house).language == "en"
    assert rows(house, OutboundRow)[-1].language == "en", said.text


def test_in_a_group_the_bot_hears_what_is_said_to_it_and_moves_along(
    house: House, telegram: FakeTelegram
) -> None:
    group = Chat(house, telegram, GROUP)
    chat = {"id": GROUP, "type": "group", "title": "Jirane Hay Riad"}
    assert group.write("Vous avez de l'eau, vous ?", chat=chat) == []
    command = {"type": "bot_command", "offset": 0, "length": 15}
    (help_,) = group.write("/help@GuichetBot", chat=chat, entities=[{**command, "length": 16}])
    assert help_.reply_to
    new = -1001234567890
    telegram.migrated[GROUP] = new
    telegram.chats.add(new)
    group.share(chat=chat, migrate_to_chat_id=new)
    assert [row.value for row in rows(house, AddressRow)] == [str(new)]


def test_updates_out_of_order_are_one_story(
    house: House, amina: Chat, telegram: FakeTelegram
) -> None:
    first = telegram.message(AMINA, text=SAID["fr"][0])
    second = telegram.message(AMINA, text="Et cela sent très mauvais")
    amina.send(second, first)
    assert len(rows(house, Case)) == 1
    assert {message.state for message in rows(house, Message)} == {"done"}


def test_who_blocked_the_bot_is_left_alone_and_who_comes_back_is_heard(
    house: House, amina: Chat
) -> None:
    amina.write(SAID["fr"][0])
    for status, stopped in (("kicked", True), ("member", False)):
        change = {
            "chat": {"id": AMINA, "type": "private"},
            "from": {"id": AMINA, "is_bot": False, "first_name": "Amina"},
            "date": 1763719000,
            "old_chat_member": _member("member" if stopped else "kicked"),
            "new_chat_member": _member(status),
        }
        amina.send({"update_id": 730_900_001 + (not stopped), "my_chat_member": change})
        assert bool(rows(house, AddressRow)[0].stopped_at) is stopped


def _member(status: str) -> dict[str, Any]:
    user = {"id": 8100200300, "is_bot": True, "first_name": "Guichet", "username": "GuichetBot"}
    return {"user": user, "status": status} | ({"until_date": 0} if status == "kicked" else {})
