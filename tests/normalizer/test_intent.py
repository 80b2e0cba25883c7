"""What a short message asks for, in the languages and scripts that people use."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import normalizer.intent
import routing
from channels.base import AddressKind
from normalizer.contact import Address
from normalizer.intent import (
    Press,
    choice_of,
    hear,
    is_on_behalf,
    kind_of,
    language_of,
    pin_of,
    press_of,
    rating_of,
    reach_of,
    wish_of,
)
from normalizer.intent.phrasebook import corrected, words_of
from normalizer.intent.wishes import _short

NUMBER = "2648 3159 2783"
SENTENCES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))
SAID = [(text, intent) for intent, texts in SENTENCES.items() for text in texts]
WORDS = sorted((Path(normalizer.intent.__file__).parent / "words").glob("*.toml"))
EXAMPLES = Path(routing.__file__).parent / "data" / "examples"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("le lien svp", "link"),
        ("send me the link", "link"),
        ("الرابط من فضلكم", "link"),
        ("صيفطو ليا الرابط", "link"),
        ("3tiwni lien", "link"),
        ("envíeme el enlace", "link"),
        ("ⴰⵣⴷⴰⵢ", "link"),
        ("/follow", "link"),
        ("téléphone partagé", "shared"),
        ("this is not my phone", "shared"),
        ("هذا ليس هاتفي", "shared"),
        ("no es mi teléfono", "shared"),
        ("code 1111", "pin"),
        ("رمز ١٢٣٤", "pin"),
        ("ⵜⴰⵏⴳⴰⵍⵜ 1234", "pin"),
        (f"{NUMBER} 4711", "status"),
        ("STOP", "stop"),
        ("arrêt", "stop"),
        ("توقف", "stop"),
        ("حبس", "stop"),
        ("7bes", "stop"),
        ("Bedd", "stop"),
        ("بدا", "start"),
        ("/stop", "stop"),
        ("START", "start"),
        ("/start", "start"),
        ("/start@GuichetBot", "start"),
        ("HELP", "help"),
        ("مساعدة", "help"),
        ("/unknown_command", "help"),
        ("Bonjour", "greeting"),
        ("السلام عليكم", "greeting"),
        ("slm", "greeting"),
        ("ⴰⵣⵓⵍ", "greeting"),
        (f"where is {NUMBER}", "status"),
        (f"où en est ma réclamation {NUMBER} ?", "status"),
        (f"fin wsl dossier dyali {NUMBER}", "status"),
        (f"وصلات لفين شكايتي {NUMBER}", "status"),
        (f"أين وصلت شكايتي رقم {NUMBER}؟", "status"),
        ("/status", "status"),
        # Folding shortens elongations, and this number ends in one.
        ("where is 2655 3739 1555", "status"),
        ("suivi", "status"),
        ("فين وصلات", "status"),
        ("where is my complaint?", "status"),
        ("chno jdid f dossier dyali", "status"),
        ("الحوالة ما وصلاتش من شهرين", "new"),
        ("توصلت بمخالفة رادار ديال طوموبيل بعتها", "new"),
        ("The civil status office is closed every day", "new"),
        ("où est le médecin de garde ?", "new"),
        ("pas de suivi médical au centre de santé", "new"),
        (NUMBER, "status"),
        (f"#{NUMBER}", "status"),
        ("", "new"),
        ("12", "new"),
        ("Stop aux ordures dans ma rue", "new"),
        ("Bonjour, il y a un trou dans ma rue", "new"),
        ("الماء مقطوع منذ يومين في حي المسيرة", "new"),
        (
            "J'ai demandé dix fois le suivi de ma bourse à la faculté et personne ne me répond",
            "new",
        ),
    ],
)
def test_what_a_message_asks_for(text: str, wish: str) -> None:
    assert wish_of(text) == wish


def test_a_file_is_always_new_matter() -> None:
    assert wish_of("bonjour", has_files=True) == "new"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Il y a un trou dans ma rue", "complaint"),
        ("Je propose d'installer des bancs au jardin", "suggestion"),
        ("أقترح وضع حاويات جديدة", "suggestion"),
        ("Comment obtenir un certificat de résidence ?", "question"),
        ("كيف أحصل على شهادة السكنى؟", "question"),
        ("kifach n9der nakhod lakart nasional?", "question"),
        ("Merci aux agents de la commune pour leur travail", "remark"),
        ("شكرا لموظفي الجماعة", "remark"),
    ],
)
def test_the_kind_is_guessed_from_the_wording(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_the_citizens_own_word_on_the_kind_wins() -> None:
    assert kind_of("Il y a un trou dans ma rue", "remark") == "remark"
    assert kind_of("Il y a un trou dans ma rue", "nonsense") == "complaint"


@pytest.mark.parametrize(("text", "intent"), SAID)
def test_people_are_understood_however_they_write(text: str, intent: str) -> None:
    assert wish_of(text) == intent


def test_no_complaint_that_the_router_learns_from_is_taken_for_a_command() -> None:
    for path in EXAMPLES.glob("*.tsv"):
        if path.stem == "none":
            continue
        for line in path.read_text("utf-8").splitlines():
            text = line.rpartition("\t")[2]
            assert wish_of(text) in ("new", "addition"), text


@pytest.mark.parametrize(
    "text",
    [
        "Je ne suis pas satisfait : le trou est là et ma mère est tombée hier soir devant l'école",
        "باقي المشكل فالحي ديالنا، الضو مقطوع من سيمانة والدراري ما كيقدروش يقراو بالليل",
        "I would like to speak to someone about the water: it is brown and it smells since Monday",
    ],
)
def test_a_long_message_is_a_story_whatever_words_it_holds(text: str) -> None:
    assert wish_of(text) == "new"


def test_with_a_file_only_what_goes_on_with_a_case_is_more_than_new_matter() -> None:
    assert wish_of("voici la photo", has_files=True) == "addition"
    assert wish_of("pas satisfait", has_files=True) == "dissatisfied"
    assert wish_of("merci", has_files=True) == "new"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("1", 1),
        ("٢", 2),
        ("0", 0),
        ("9.", 9),
        ("n° 3", 3),
        ("3️⃣", 3),
        ("le premier", 1),
        ("la deuxième svp", 2),
        ("la 2ème", 2),
        ("the second one", 2),
        ("el tercero", 3),
        ("لولة", 1),
        ("الثالثة", 3),
        ("tanya", 2),
        ("jouj", 2),
        ("aucune", 0),
        ("حتى وحدة", 0),
        ("7ta wa7da", 0),
        ("ⵓⵍⴰ ⵢⴰⵜ", 0),
        ("12", None),
        ("555", None),
        ("1 2", None),
        ("3 jours sans eau", None),
        ("le premier étage est inondé", None),
        ("", None),
    ],
)
def test_a_choice_is_a_digit_or_an_ordinal_and_nothing_else(text: str, choice: int | None) -> None:
    assert choice_of(hear(text)) == choice


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("5", (5, "")),
        ("٤", (4, "")),
        ("4/5", (4, "")),
        ("4 sur 5", (4, "")),
        ("note 4", (4, "")),
        (
            "note : 2, la route est réparée mais après six mois",
            (2, "la route est réparée mais après six mois"),
        ),
        ("5 merci beaucoup", (5, "merci beaucoup")),
        ("Très bon service 5/5", (5, "Très bon service")),
        ("4 من 5", (4, "")),
        ("n3tikom 4 3la 5", (4, "")),
        ("⭐⭐⭐", (3, "")),
        ("très satisfait", (5, "")),
        ("ممتاز", (5, "")),
        ("0", None),
        ("6", None),
        ("3 lampes cassées", None),
        ("4/5 j'ai déposé un dossier", None),
        ("Il y a 3 trous dans ma rue", None),
        ("bien", None),
        ("", None),
    ],
)
def test_a_score_is_taken_only_where_it_is_sure(text: str, rating: tuple[int, str] | None) -> None:
    assert rating_of(hear(text)) == rating


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("répondez-moi par mail à X.y@Mail.MA", "mail", "X.y@mail.ma"),
        ("L'eau est coupée. Vous pouvez me joindre au 06 12 34 56 78", "tel", "+212612345678"),
        ("جاوبوني فالايميل a.b@gmail.com", "mail", "a.b@gmail.com"),
        ("3ayto liya f 0612345678 3afakom", "tel", "+212612345678"),
        ("answer me at a@b.co.", "mail", "a@b.co"),
        ("a@b.co", "mail", "a@b.co"),
        ("J'ai écrit à contact@onee.ma sans réponse", "", ""),
        ("Le gardien, 0612345678, refuse d'ouvrir", "", ""),
        ("répondez-moi par mail", "", ""),
        (f"contactez-moi pour le {NUMBER}", "", ""),
    ],
)
def test_where_to_answer_is_what_they_ask_for_and_not_what_they_mention(
    text: str, kind: AddressKind, value: str
) -> None:
    assert reach_of(text) == (Address(kind, value) if value else None)


@pytest.mark.parametrize(
    ("text", "behalf"),
    [
        ("Je vous écris pour ma mère, elle a 80 ans", True),
        ("au nom de mon voisin", True),
        ("نيابة عن والدتي", True),
        ("كنكتب ليكم فبلاصة الواليد", True),
        ("on behalf of my aunt", True),
        ("en nombre de mi madre", True),
        ("ma mère est malade", False),
        ("mon voisin fait du bruit", False),
        ("الوالدة مريضة", False),
    ],
)
def test_writing_for_somebody_else_is_noticed(text: str, behalf: bool) -> None:
    assert is_on_behalf(text) is behalf


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("français", "fr"),
        ("in English please", "en"),
        ("/language es", "es"),
        ("بالدارجة", "ary-Arab"),
        ("le français est difficile", None),
        ("/stop", None),
    ],
)
def test_a_language_is_asked_for_by_its_name(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("value", "press"),
    [
        ("language:zgh-Tfng", Press("language", None, "zgh-Tfng")),
        ("case:264831592783", Press("case", "264831592783")),
        ("to:264831592783:0", Press("to", "264831592783", "0")),
        ("rate:264831592783:5", Press("rate", "264831592783", "5")),
        ("pick:17:1", Press("pick", "17", "1")),
        ("leave:264831592783", Press("leave", "264831592783")),
        ("rate:264831592783:6", None),
        ("rate:264831592783", None),
        ("case:2648", None),
        ("case:٢٦٤٨٣١٥٩٢٧٨٣", None),
        ("case:264831592783:1", None),
        ("pick:1:2:3", None),
        ("drop:table", None),
        ("", None),
        ("language:" + "a" * 60, None),
    ],
)
def test_a_button_means_what_we_made_it_for_or_nothing(value: str, press: Press | None) -> None:
    assert press_of(value) == press


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_no_phrase_asks_for_two_things(path: Path) -> None:
    """Which of them it meant would be left to the order in which they stand."""
    said: dict[tuple[str, ...], str] = {}
    for intent, phrases in tomllib.loads(path.read_text("utf-8")).get("says", {}).items():
        for phrase in phrases:
            assert said.setdefault(words_of(phrase), intent) == intent, phrase


@given(st.text())
def test_a_press_never_raises(text: str) -> None:
    for value in (text, f"pick:{text}", f"rate:{text}:1", f"language:{text}"):
        press_of(value)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("0123456789٤ /@.*⭐+\nاأoui"))))
def test_anything_at_all_can_be_heard(text: str) -> None:
    wish_of(text, has_files=True)
    kind_of(text)
    said = hear(text)
    choice, rating = choice_of(said), rating_of(said)
    assert choice is None or 0 <= choice <= 9
    assert rating is None or 1 <= rating[0] <= 5
    reach_of(text)
    is_on_behalf(text)
    language_of(text)


@given(st.text())
def test_any_text_has_a_wish_and_a_kind(text: str) -> None:
    wish_of(text)
    kind_of(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("code 2222", "2222"),
        ("الرمز ١٢٣٤", "1234"),
        (f"{NUMBER} 4711", "4711"),
        (f"statut {NUMBER} code 4711", "4711"),
        (NUMBER, None),
        ("4711", None),
        ("code 47110", None),
        ("le code 4711 de la porte ne marche plus", None),
    ],
)
def test_a_code_is_one_only_where_nothing_else_is_said(text: str, code: str | None) -> None:
    assert pin_of(hear(text)) == code


@pytest.mark.parametrize("words", ["{} lampadaire", "lampadaire {}", "lampadaire, {}"])
def test_beside_a_strange_word_nothing_is_found_by_asking_more(words: str) -> None:
    """What is not asked where a word stands in no book would find nothing."""
    for text, _ in SAID:
        said = hear(words.format(text))
        assert said.strange
        assert _short(said) == _short(replace(said, strange=False))


def test_a_word_between_two_others_is_read_the_same_in_every_process() -> None:
    """By the order of its letters, and not of a set: *contesta* is near two words."""
    assert corrected("contesta") == "contenta"
