"""Questions and answers: there from the first day, found, and harmless whatever staff write."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from gateway import clock
from gateway.articles import Articles, shipped
from gateway.house import House
from gateway.markdown import to_html
from gateway.models import Article
from tests.web.pages.citizen import Citizen, words


@pytest.mark.parametrize(
    ("query", "found", "not_found"),
    [
        pytest.param("", "À quoi sert mon numéro", "introuvable", id="all of them"),
        pytest.param("MEDIATEUR delai", "Combien de temps", "À quoi sert", id="no accents"),
        pytest.param("xyz", "0 réponse", "Combien de temps", id="none"),
        pytest.param("<script>", "0 réponse", "Combien de temps", id="markup"),
    ],
)
def test_questions_are_found_by_their_words(
    citizen: Citizen, query: str, found: str, not_found: str
) -> None:
    page = citizen.get(f"/fr/questions?q={query}")
    assert found in words(page)
    assert not_found not in words(page)


def test_arabic_is_found_however_it_is_spelt(house: House) -> None:
    titles = [one.slug for one in house.articles.search("ar", "الاداره المختصه")]
    assert "which-administration" in titles


def test_what_ships_is_complete_and_speaks_plainly() -> None:
    slugs: dict[str, set[str]] = {}
    for row in shipped():
        slugs.setdefault(row["language"], set()).add(row["slug"])
        assert (
            row["title"].rstrip("؟?") != row["title"]
            or row["title"].endswith(".")
            or "?" in (row["title"])
        ), row["title"]
        assert 80 < len(row["text"]) < 1_500, row["title"]
    assert slugs["ar"] == slugs["fr"] == slugs["en"]
    assert slugs["zgh-Tfng"] <= slugs["ar"]


def test_what_staff_took_out_stays_out(house: House) -> None:
    with house.store.write() as session:
        session.execute(delete(Article).where(Article.slug == "the-number"))
    house.articles.begin(clock.now())
    assert house.articles.get("the-number", "fr") is None


def test_a_draft_is_not_shown(citizen: Citizen, house: House) -> None:
    with house.store.write() as session:
        for row in session.scalars(select(Article).where(Article.slug == "the-number")):
            row.published = False
    assert citizen.get("/fr/questions/the-number").status_code == 404
    assert "À quoi sert mon numéro" not in words(citizen.get("/fr/questions"))


def test_a_question_that_a_language_lacks_leads_to_those_it_has(citizen: Citizen) -> None:
    assert citizen.get("/zgh/questions/who-sees").request.path == "/zgh/questions"
    assert citizen.get("/fr/questions/nothing").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[here](javascript:alert(1))",
        "[here](JaVaScRiPt&colon;alert(1))",
        "[here](data:text/html,<script>alert(1)</script>)",
        "![](https://stranger.example/pixel.png)",
        '<https://fine.example" onmouseover="alert(1)>',
    ],
)
def test_markdown_does_no_harm(text: str) -> None:
    html = to_html(text)
    assert not any(tag in html for tag in ("<script", "<img", 'href="java', 'href="data', '" on'))


def test_headings_fit_into_the_page() -> None:
    assert to_html("# One\n\n###### Six") == "<h3>One</h3>\n<h6>Six</h6>\n"


def test_articles_of_two_processes_that_start_at_once_are_there_once(house: House) -> None:
    with house.store.write() as session:
        session.execute(delete(Article))
    for _ in range(2):
        Articles(house.store).begin(clock.now())
    assert len(house.articles.search("fr")) == 9
