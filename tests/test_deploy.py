"""The documents that an install is made from say what the code does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from gateway import metrics
from gateway.cli import main
from gateway.settings import Settings

DEPLOY = Path(__file__).parents[1] / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
#: What is not ours: libpq reads it.
FOREIGN = {"PGPASSFILE"}
_COMMAND = re.compile(r"python -m gateway ([a-z-]+)")
_METRIC = re.compile(r"guichet_[a-z_]+")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def test_every_command_exists() -> None:
    said = {
        command
        for file in (*UNITS, DEPLOY / "compose.yaml", DEPLOY / "Dockerfile")
        for command in _COMMAND.findall(file.read_text())
    }
    assert said >= {"serve", "work", "poll", "init-db"}
    assert said <= set(main.list_commands(None))  # type: ignore[arg-type]  # it needs no context


def test_every_setting_exists() -> None:
    known = {name.upper() for name in Settings.model_fields}
    given = {
        name.removesuffix("_FILE")
        for service in compose()["services"].values()
        if service.get("image") == "guichet"
        for name in service["environment"]
    }
    assert given - FOREIGN <= known


def test_every_service_waits_for_what_it_needs() -> None:
    services = compose()["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_are_what_systemd_reads(unit: Path, tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not on this machine")
    # What is not installed here does not count: only what systemd cannot read.
    here = tmp_path / unit.name.replace("@", "@1")
    here.write_text(unit.read_text().replace("/opt/guichet/.venv/bin/python", "/bin/true"))
    told = subprocess.run(  # our own file
        [analyse, "verify", "--man=no", here], capture_output=True, text=True, check=False
    ).stderr
    ours = [line for line in told.splitlines() if unit.stem in line and "not-found" not in line]
    assert ours == []


def _families() -> set[str]:
    """Every name that a scrape can hold."""
    source = Path(metrics.__file__).read_text()
    held = set(re.findall(r'"(guichet_[a-z_]+)"', source))
    sampled = {sample.name for family in REGISTRY.collect() for sample in family.samples} | {
        name + suffix for name in held for suffix in ("", "_total", "_bucket", "_count", "_sum")
    }
    return {name for name in sampled if name.startswith("guichet_")}


@pytest.mark.parametrize("file", ["alerts.yaml", "grafana.json"])
def test_every_metric_exists(file: str) -> None:
    asked = set(_METRIC.findall((DEPLOY / file).read_text()))
    assert asked
    assert asked <= _families()


def test_every_alert_says_what_to_do() -> None:
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"][0]["rules"]
    told = (DEPLOY.parent / "operations.md").read_text()
    for rule in rules:
        assert f"### {rule['alert']}" in told


def test_the_dashboard_is_one() -> None:
    panels = json.loads((DEPLOY / "grafana.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["targets"] for panel in panels)
