"""What a short message asks for, in the languages and scripts that people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.intent import kind_of, wish_of

NUMBER = "2648 3159 2783"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
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


@given(st.text())
def test_any_text_has_a_wish_and_a_kind(text: str) -> None:
    wish_of(text)
    kind_of(text)
