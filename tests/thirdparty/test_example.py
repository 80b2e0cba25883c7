"""The example package is found as an installed one is, and the documentation shows it as it is."""

from __future__ import annotations

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from channels import registry
from channels.base import BadSetting, Context

ROOT = Path(__file__).parents[2]
PIGEON = ROOT / "tests" / "thirdparty" / "pigeon"
DOCUMENT = (ROOT / "docs" / "adding-a-channel.md").read_text()

#: A code block that a comment before it names as a file of this repository.
BLOCKS = dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```\n", DOCUMENT, re.DOTALL))


def test_an_entry_point_makes_a_channel() -> None:
    assert "pigeon" in registry.names()
    environ = {"PIGEON_URL": "http://127.0.0.1:9", "PIGEON_SECRET": "coo"}
    built = registry.build(Context(environ, "https://guichet.example", str))
    assert built["pigeon"].name == "pigeon"


def test_a_third_partys_bad_setting_is_named_like_ours() -> None:
    environ = {"PIGEON_URL": "http://127.0.0.1:9"}
    with pytest.raises(BadSetting, match="PIGEON_SECRET"):
        registry.build(Context(environ, "https://guichet.example", str))


def test_a_name_that_nobody_claims_is_unknown() -> None:
    with pytest.raises(KeyError):
        registry.adapter_class("telex")


def test_the_installed_entry_point_is_the_one_that_the_package_declares() -> None:
    declared = tomllib.loads((PIGEON / "pyproject.toml").read_text())["project"]["entry-points"]
    installed = ConfigParser()
    installed.read(PIGEON / "guichet_pigeon-1.0.dist-info" / "entry_points.txt")
    assert declared == {name: dict(installed[name]) for name in installed.sections()}


@pytest.mark.parametrize("path", BLOCKS)
def test_the_documentation_shows_the_file_as_it_is(path: str) -> None:
    assert BLOCKS[path] == (ROOT / path).read_text()


def test_the_documentation_shows_the_whole_example() -> None:
    assert {Path(path).name for path in BLOCKS} >= {
        "pyproject.toml",
        "guichet_pigeon.py",
        "landed.json",
        "test_pigeon.py",
    }
