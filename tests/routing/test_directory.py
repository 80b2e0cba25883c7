"""The directory that ships is complete, and a broken one is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.directory import BadDirectory, Directory

GOOD = """
[[administration]]
slug = "water"
kind = "establishment"
name = { fr = "Régie des eaux", ar = "وكالة الماء" }
short = { fr = "Eaux", ar = "الماء" }
"""


@pytest.fixture(scope="module")
def morocco() -> Directory:
    return Directory.load()


def test_the_moroccan_directory_has_all_destinations_and_a_commune_for_every_city(
    morocco: Directory,
) -> None:
    top = [each for each in morocco.administrations if not each.city]
    assert len(top) == 26
    assert len(morocco.cities) >= 112
    for city in morocco.cities:
        commune = morocco.commune_of(city.slug)
        assert commune is not None
        assert (commune.parent, commune.kind, commune.city) == ("commune", "commune", city.slug)


def test_every_administration_has_its_names_long_and_short(morocco: Directory) -> None:
    for each in morocco.administrations:
        assert {"fr", "ar", "en"} <= set(each.name), each.slug
        assert {"fr", "ar", "en"} <= set(each.short), each.slug


def test_every_destination_has_words_in_every_language(morocco: Directory) -> None:
    for each in morocco.administrations:
        if not each.city:
            assert {"fr", "ar", "ary", "en", "es"} <= set(each.lexicon), each.slug
            assert each.scope, each.slug


def test_the_capitals_of_the_twelve_regions_are_known(morocco: Directory) -> None:
    capitals = (
        "tanger oujda fes rabat beni-mellal casablanca marrakech errachidia agadir guelmim "
        "laayoune dakhla"
    ).split()
    known = {city.slug: city for city in morocco.cities}
    assert len({known[slug].region for slug in capitals}) == 12


@pytest.mark.parametrize(
    ("language", "short", "label"),
    [
        ("fr", False, "Ministère de la Santé"),
        ("ar", True, "الصحة"),
        ("ary-Arab", True, "الصحة"),
        ("ary-Latn", True, "Min. Santé"),
        ("zgh-Latn", False, "Ministère de la Santé"),
        ("zgh-Tfng", False, "ⵜⴰⵎⴰⵡⴰⵙⵜ ⵏ ⵜⴷⵓⵙⵉ"),
        ("en", False, "Ministry of Health"),
        ("es", True, "Min. Sanidad"),
        ("de", True, "Min. Santé"),
        ("und", True, "Min. Santé"),
    ],
)
def test_a_reader_is_told_a_name_in_a_language_they_know(
    morocco: Directory, language: str, short: bool, label: str
) -> None:
    health = morocco.get("health")
    assert health is not None
    assert health.label(language, short=short) == label


def test_french_elides_before_a_vowel(morocco: Directory) -> None:
    agadir, rabat = morocco.get("commune-agadir"), morocco.get("commune-rabat")
    assert agadir is not None
    assert rabat is not None
    assert agadir.label("fr") == "Commune d'Agadir"
    assert rabat.label("fr") == "Commune de Rabat"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param("x = ", "data.toml: ", id="no TOML"),
        pytest.param("[[oops]]", "data.toml: oops: ", id="unknown table"),
        pytest.param(
            GOOD.replace("establishment", "shop"), "administration.water.kind: ", id="unknown kind"
        ),
        pytest.param(GOOD + "colour = 'red'", "administration.water.colour: ", id="unknown field"),
        pytest.param(GOOD + "days = 0", "administration.water.days: ", id="no days"),
        pytest.param(GOOD + "days = 'ten'", "administration.water.days: ", id="days in words"),
        pytest.param(GOOD + "parent = 'sea'", "no administration 'sea'", id="unknown parent"),
        pytest.param(GOOD + "city = 'atlantis'", "no city 'atlantis'", id="unknown city"),
        pytest.param(GOOD + "hours = 'always'", "administration.water.hours: ", id="bad hours"),
        pytest.param(GOOD + "contact.web = 'http://x.ma'", "water.contact.web: ", id="not HTTPS"),
        pytest.param(GOOD + "contact.phone = '+212 5'", "water.contact.phone: ", id="blanks"),
        pytest.param(GOOD + "contact.fax = '1'", "water.contact.fax: ", id="unknown contact"),
        pytest.param(GOOD + GOOD, "administration.water: there are two", id="twice"),
        pytest.param(
            GOOD.replace('fr = "Eaux"', 'fr = "Forêts"'), "water.short.fr: ", id="not GSM-7"
        ),
        pytest.param(
            GOOD.replace('fr = "Eaux"', f'fr = "{"e" * 25}"'), "water.short.fr: ", id="too long"
        ),
        pytest.param(
            GOOD.replace('ar = "الماء" }', f'ar = "{"م" * 17}" }}'),
            "water.short.ar: ",
            id="too long for UCS-2",
        ),
        pytest.param(GOOD.replace("water", "Wa ter"), ".slug: ", id="slug with a blank"),
    ],
)
def test_a_broken_directory_is_refused_in_one_line(
    tmp_path: Path, data: str, complaint: str
) -> None:
    file = tmp_path / "data.toml"
    file.write_text(data, encoding="utf-8")
    with pytest.raises(BadDirectory) as refusal:
        Directory.load(file)
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "data.toml" in str(refusal.value)


def test_a_directory_may_be_one_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "water.toml").write_text(GOOD, encoding="utf-8")
    for path in (tmp_path, tmp_path / "water.toml"):
        water = Directory.load(path).get("water")
        assert water is not None
        assert water.label("en") == "Régie des eaux"


def test_an_empty_folder_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(BadDirectory):
        Directory.load(tmp_path)


def test_an_administration_has_the_countrys_usual_hours_unless_it_states_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "water.toml").write_text(GOOD + 'languages = ["fr"]', encoding="utf-8")
    (tmp_path / "usual.toml").write_text(
        '[usual]\nhours = "Mo-Fr 08:30-16:30"\nlanguages = ["ar"]', encoding="utf-8"
    )
    directory = Directory.load(tmp_path)
    water = directory.get("water")
    assert water is not None
    assert directory.hours_of(water) == "Mo-Fr 08:30-16:30"
    assert directory.languages_of(water) == ("fr",)


def test_every_moroccan_counter_has_hours_and_languages(morocco: Directory) -> None:
    for each in morocco.administrations:
        assert morocco.hours_of(each), each.slug
        assert morocco.languages_of(each), each.slug
