"""A stored message becomes a case, an addition or an answer: once, and never nothing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from channels.base import Attachment
from gateway import clock
from gateway.house import House
from gateway.models import AttachmentRow, Case, Contact, Event, Message, OutboundRow
from gateway.pipeline.process import settle
from normalizer.tracking import is_valid, spaced
from tests.conftest import MakeHouse
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, WHEN, rows, sms, take


def said(house: House) -> list[tuple[str, str, str]]:
    """What waits to be said: (key, channel, to)."""
    return [(row.key, row.channel, row.address.value) for row in rows(house, OutboundRow)]


def test_a_complaint_becomes_a_case_with_number_and_acknowledgement(house: House) -> None:
    take(house, sms(ARABIC))
    (case,) = rows(house, Case)
    assert is_valid(case.number)
    assert (case.status, case.administration) == ("routed", "water-electricity")
    assert case.language == "ar"
    assert case.due_at == WHEN + timedelta(days=60)
    (notice,) = rows(house, OutboundRow)
    assert spaced(case.number) in notice.text
    assert (notice.key, notice.channel, notice.address.value) == ("acknowledged", "sms", PHONE)
    assert [event.kind for event in rows(house, Event)] == ["received", "routed"]


def test_what_nobody_is_competent_for_is_registered_and_acknowledged_all_the_same(
    house: House,
) -> None:
    take(house, sms("Il se passe quelque chose que je ne sais pas nommer"))
    (case,) = rows(house, Case)
    assert (case.status, case.administration) == ("received", None)
    assert said(house) == [("acknowledged", "sms", PHONE)]
    assert spaced(case.number) in rows(house, OutboundRow)[0].text


def test_processing_twice_changes_nothing_more(house: House) -> None:
    (message_id,) = take(house, sms(FRENCH))
    with house.store.write() as session:
        session.execute(update(Message).where(Message.id == message_id).values(due_at=clock.now()))
    house.pipeline.process()
    assert len(rows(house, Case)) == len(rows(house, OutboundRow)) == 1


def test_many_workers_share_the_work_without_doing_any_twice(house: House) -> None:
    for n in range(60):
        at = WHEN + timedelta(hours=n)
        text = sms(FRENCH, sender=f"+2126000000{n % 7:02d}", received_at=at)
        house.pipeline.accept("sms", text)

    def drain() -> None:
        while house.pipeline.process():
            pass

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What two workers collided on waits for its next try; let it be due.
    with house.store.write() as session:
        session.execute(update(Message).where(Message.state == "new").values(due_at=clock.now()))
    drain()
    assert {message.state for message in rows(house, Message)} == {"done"}
    assert len(rows(house, Case)) == len(rows(house, OutboundRow)) == 60
    assert len(rows(house, Contact)) == 7


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("STOP", "stopped", id="stop"),
        pytest.param("HELP", "help", id="help"),
        pytest.param("السلام عليكم", "greeting", id="greeting"),
        pytest.param("", "help", id="nothing at all"),
        pytest.param("/status", "no_case", id="status without a case"),
    ],
)
def test_a_word_to_the_machine_makes_no_case(house: House, text: str, answer: str) -> None:
    take(house, sms(text))
    assert rows(house, Case) == []
    assert said(house) == [(answer, "sms", PHONE)]


def test_who_said_stop_hears_nothing_more_but_is_still_heard(house: House) -> None:
    take(house, sms("STOP"), sms(FRENCH))
    assert len(rows(house, Case)) == 1
    assert said(house) == [("stopped", "sms", PHONE)]
    assert rows(house, Event)[-1].kind == "nobody_to_tell"
    take(house, sms("START"))
    assert said(house)[-1] == ("started", "sms", PHONE)


def test_the_status_is_told_to_the_address_that_filed_the_case(house: House) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    take(house, sms(f"où en est ma réclamation {spaced(case.number)} ?"))
    notice = rows(house, OutboundRow)[-1]
    assert (notice.key, notice.case_id) == ("status", case.id)
    assert spaced(case.number) in notice.text


def test_a_stranger_learns_nothing_from_a_number(house: House) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    take(house, sms(f"où en est ma réclamation {case.number} ?", sender=STRANGER))
    known = rows(house, OutboundRow)[-1]
    take(house, sms("où en est ma réclamation 264800000000 ?", sender=STRANGER))
    assert known.key == "unknown_number"
    assert case.number not in known.text
    assert spaced(case.number) not in known.text
    assert "Casablanca" not in known.text


def test_a_strangers_complaint_that_cites_a_number_is_their_own_case(house: House) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    take(house, sms(f"{FRENCH}. Voir aussi le dossier {case.number}", sender=STRANGER))
    assert len(rows(house, Case)) == 2


def test_a_number_in_a_text_of_its_owner_adds_to_the_case(house: House) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    take(house, sms(f"{spaced(case.number)} le camion n'est toujours pas passé"))
    assert len(rows(house, Case)) == 1
    assert rows(house, OutboundRow)[-1].key == "added"
    assert rows(house, Event)[-1].kind == "added"


def test_an_answer_to_the_agents_question_puts_the_case_back_to_work(house: House) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    house.cases.change(
        case.number, status="awaiting_citizen", message="Quelle rue ?", actor="agent"
    )
    take(house, sms(f"{case.number} rue des Orangers"))
    assert rows(house, Case)[0].status == "in_progress"


def test_a_reply_threads_by_what_we_sent_only_for_its_receiver(house: House) -> None:
    take(house, sms(FRENCH))
    with house.store.write() as session:
        session.execute(update(OutboundRow).values(provider_id="SM-ours"))
    take(house, sms("encore pire aujourd'hui", in_reply_to=("SM-ours",)))
    assert len(rows(house, Case)) == 1
    take(house, sms("encore pire ici", sender=STRANGER, in_reply_to=("SM-ours",)))
    assert len(rows(house, Case)) == 2


def test_a_machines_mail_is_registered_and_never_answered(house: House) -> None:
    mail = sms(FRENCH, sender="robot@example.ma", hints={"auto": "auto-replied"})
    take(house, mail, channel="email")
    assert len(rows(house, Case)) == 1
    assert said(house) == []


def test_a_bounce_is_kept_without_a_case(house: House) -> None:
    mail = sms("undelivered", sender="mailer-daemon@example.ma", hints={"bounce": "5.1.1"})
    take(house, mail, channel="email")
    assert [message.state for message in rows(house, Message)] == ["done"]
    assert rows(house, Case) == []
    assert said(house) == []


def test_what_is_not_understood_gets_a_friendly_word_and_no_case(house: House) -> None:
    take(house, sms("", sender="77", hints={"event": "not-understood"}), channel="telegram")
    assert rows(house, Case) == []
    assert said(house) == [("not_understood", "telegram", "77")]


def test_a_form_answers_to_the_mailbox_left_and_to_the_phone_when_there_is_none(
    house: House,
) -> None:
    form = {"account": "portal", "sender": ""}
    both = sms(FRENCH, **form, hints={"reply_mail": "a@B.ma", "reply_tel": "0612345678"})
    phone = sms(FRENCH, **form, hints={"reply_tel": "0612345678"})
    nobody = sms(FRENCH, **form)
    take(house, both, phone, nobody, channel="webform")
    assert [(channel, to) for _, channel, to in said(house)] == [
        ("email", "a@b.ma"),
        ("sms", PHONE),
    ]
    assert len(rows(house, Case)) == 3


def test_a_form_does_not_prove_that_an_address_is_the_senders(house: House) -> None:
    """A stranger may write anybody's address into a form: that never opens others' cases."""
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    form = sms(
        f"où en est {case.number} ?", sender="", account="portal", hints={"reply_tel": PHONE}
    )
    take(house, form, channel="webform")
    assert len(rows(house, Case)) == 2
    assert case.number not in rows(house, OutboundRow)[-1].text.replace(" ", "")


@pytest.mark.parametrize(
    ("caller", "texts"),
    [(PHONE, [("acknowledged", "sms", PHONE)]), ("+212522123456", [])],
    ids=["a mobile", "a line in a wall"],
)
def test_a_recordings_number_is_spoken_and_texted_where_texts_arrive(
    house: House, caller: str, texts: list[tuple[str, str, str]]
) -> None:
    voice = Attachment(None, "audio/mpeg", reference="https://api.twilio.com/RE1")
    call = sms("", sender=caller, attachments=(voice,), hints={"language": "fr"})
    answer = house.pipeline.settle_now(house.pipeline.accept("voice", call))
    assert answer.number is not None
    assert answer.language == "fr"
    assert said(house) == texts


def test_a_number_that_nobody_heard_is_told_another_way(house: House) -> None:
    voice = Attachment(None, "audio/mpeg", reference="https://api.twilio.com/RE1")
    call = sms("", attachments=(voice,), hints={"unheard": "1"})
    house.pipeline.settle_now(house.pipeline.accept("voice", call))
    assert said(house) == [("acknowledged", "sms", PHONE)]


def test_settling_a_duplicate_tells_the_first_ones_number(house: House) -> None:
    item = sms(FRENCH, sender="", account="portal")
    first = house.pipeline.settle_now(house.pipeline.accept("webform", item))
    again = house.pipeline.settle_now(house.pipeline.accept("webform", item))
    assert first.number is not None
    assert again.number == first.number
    assert len(rows(house, Case)) == 1


def test_what_cannot_be_processed_is_tried_again_then_shunted_and_kept(
    make_house: MakeHouse,
) -> None:
    house = make_house(PROCESS_TRIES="2")
    good, bad = sms(FRENCH), sms(ARABIC, sender=STRANGER)
    ids = [house.pipeline.accept("sms", item).message_id for item in (bad, good)]
    with house.store.write() as session:
        session.execute(
            update(Message).where(Message.id == ids[0]).values(location={"nonsense": 1})
        )
    house.pipeline.process()
    waiting, done = rows(house, Message)
    assert (waiting.state, waiting.tries, waiting.error) == ("new", 1, "TypeError")
    assert waiting.due_at > clock.now()
    assert done.state == "done"
    with house.store.write() as session:
        session.execute(update(Message).where(Message.state == "new").values(due_at=clock.now()))
    house.pipeline.process()
    assert rows(house, Message)[0].state == "shunted"
    assert len(rows(house, Case)) == 1


def test_one_bad_message_in_a_batch_costs_the_others_nothing(house: House) -> None:
    """What the transaction refuses is tried alone; here, what another worker had done."""
    good = [sms(FRENCH, sender=f"+21260000000{n}") for n in range(3)]
    for item in good:
        house.pipeline.accept("sms", item)
    claimed = house.store.claim(Message, clock.now(), timedelta(seconds=60), 10)
    with house.store.write() as session:
        session.execute(update(Message).where(Message.id == claimed[1].id).values(state="done"))
    settle(house.pipeline.parts, claimed)
    assert [message.state for message in rows(house, Message)] == ["done"] * 3
    assert [bool(message.case_id) for message in rows(house, Message)] == [True, False, True]
    assert len(rows(house, Case)) == 2


def test_a_message_claimed_by_a_dead_worker_is_due_again_after_its_lease(house: House) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    now = clock.now()
    lease = timedelta(seconds=60)
    assert len(house.store.claim(Message, now, lease, 10)) == 1
    assert house.store.claim(Message, now, lease, 10) == []
    assert len(house.store.claim(Message, now + lease, lease, 10)) == 1


def test_a_new_life_of_the_only_process_takes_over_at_once(house: House) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    house.store.claim(Message, clock.now(), timedelta(seconds=60), 10)
    house.store.release_claims(clock.now())
    assert house.pipeline.process() == 1


def test_attachments_belong_to_the_complaint(house: House) -> None:
    photo = Attachment("trou.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + b"\0" * 20)
    take(house, sms("", attachments=(photo,)))
    assert len(rows(house, Case)) == 1
    assert rows(house, AttachmentRow)[0].content_type == "image/jpeg"


def test_a_short_word_is_answered_in_the_language_its_sender_writes(house: House) -> None:
    take(house, sms(ARABIC), sms("ok 12"))
    assert {row.language for row in rows(house, OutboundRow)} == {"ar"}


@pytest.mark.parametrize(
    ("said", "tag"),
    [("FR", "fr"), ("بالعربية", "ar"), ("en français svp", "fr"), ("/language es", "es")],
)
def test_a_citizen_changes_the_language_of_all_that_is_said_from_then_on(
    house: House, said: str, tag: str
) -> None:
    take(house, sms("Water has been cut off in our street in Fes for two days"))
    take(house, sms(said))
    assert [row.language for row in rows(house, OutboundRow)] == ["en", tag]
    (case,) = rows(house, Case)
    house.cases.change(case.number, status="in_progress", actor="agent")
    take(house, sms("The street lights in Agadir are broken again, every night"))
    assert [row.language for row in rows(house, OutboundRow)][2:] == [tag, tag]


def test_asking_for_another_language_shows_which_there_are(house: House) -> None:
    take(house, sms("/language"))
    (row,) = rows(house, OutboundRow)
    assert row.key == "language_ask"
    assert rows(house, Case) == []


@pytest.mark.parametrize("said", ["rue des Orangers, au numéro 12", "oui", "شكرا"])
def test_a_plain_answer_to_the_agents_question_finds_its_case(house: House, said: str) -> None:
    """We told them to simply write back: no number, no reply gesture."""
    take(house, sms(FRENCH, received_at=WHEN - timedelta(days=1)))
    (case,) = rows(house, Case)
    house.cases.change(
        case.number, status="awaiting_citizen", message="Quelle rue ?", actor="agent"
    )
    take(house, sms(said))
    (case,) = rows(house, Case)
    assert case.status == "in_progress"
    assert rows(house, OutboundRow)[-1].key == "added"


def test_writing_back_after_the_answer_opens_the_case_again(house: House) -> None:
    take(house, sms(FRENCH, received_at=WHEN - timedelta(days=9)))
    (case,) = rows(house, Case)
    house.cases.change(case.number, status="answered", message="C'est fait.", actor="agent")
    take(house, sms(f"{case.number} le camion n'est pas encore passé dans notre rue"))
    (case,) = rows(house, Case)
    assert (case.status, case.closed_at) == ("reopened", None)
    assert rows(house, OutboundRow)[-1].key == "reopened"


@pytest.mark.parametrize("said", ["merci", "شكرا", "ok", "👍", "؟"])
def test_a_courtesy_is_no_matter_of_its_own(house: House, said: str) -> None:
    take(house, sms(FRENCH, received_at=WHEN - timedelta(days=9)), sms(said))
    assert len(rows(house, Case)) == 1
    assert {row.key for row in rows(house, OutboundRow)} <= {"acknowledged", "help"}


@pytest.mark.parametrize("keyword", ["STOP", "START", "HELP"])
def test_a_carriers_keyword_is_answered_in_the_senders_language(house: House, keyword: str) -> None:
    take(house, sms(ARABIC), sms(keyword))
    assert {row.language for row in rows(house, OutboundRow)} == {"ar"}


def test_in_a_chat_the_languages_are_buttons_that_work(house: House) -> None:
    take(house, sms("/language", sender="77"), channel="telegram")
    (asked,) = rows(house, OutboundRow)
    for value, _ in asked.choices:
        pressed = sms(value, sender="77", hints={"pressed": value})
        take(house, pressed, channel="telegram")
    assert {row.key for row in rows(house, OutboundRow)[1:]} == {"language_set"}
    spoken = [row.language for row in rows(house, OutboundRow)[1:]]
    assert spoken == ["ar", "ary-Arab", "ary-Latn", "zgh-Tfng", "fr", "en", "es"]


def test_a_matter_of_a_commune_without_a_city_goes_to_the_senders_last_one(house: House) -> None:
    """People complain of where they live; a stranger is asked which city it is."""
    rubbish = "Les ordures ne sont pas ramassées et débordent dans notre rue depuis une semaine"
    take(house, sms(f"{rubbish} à Salé"))
    later = WHEN + timedelta(days=3)
    take(
        house,
        sms(f"Bonjour, encore : {rubbish.lower()}", received_at=later),
        sms(f"Bonjour, {rubbish.lower()}", STRANGER, received_at=later),
    )
    own, strangers = rows(house, Case)[-2:]
    assert (own.administration, own.city) == ("commune-sale", "sale")
    assert (strangers.administration, strangers.city) == (None, None)
