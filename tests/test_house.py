"""Rules that keep the house as it is drawn: imports, migrations, documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from gateway.models import Base
from gateway.search import in_the_models
from gateway.store import SchemaOutdated, Store, migrations
from tests.servers.postgres import Postgres

ROOT = Path(__file__).parents[1]


def test_the_rooms_import_each_other_only_as_drawn() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


def test_migrations_lead_to_the_models_and_back_to_nothing(empty_url: str) -> None:
    store = Store(empty_url)
    store.migrate()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": in_the_models})
        differences = compare_metadata(context, Base.metadata)
    assert differences == []
    config = migrations()
    with store.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        assert inspect(connection).get_table_names() == ["alembic_version"]
    store.close()


def test_an_empty_database_is_made_and_another_versions_is_not_touched(postgres: Postgres) -> None:
    store = Store(postgres.database())
    store.ensure_schema()
    assert store.is_current()
    with store.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaOutdated):
        store.ensure_schema()
    store.close()


def test_processes_that_start_together_on_an_empty_database_all_get_its_tables(
    postgres: Postgres,
) -> None:
    """One makes them; the others find neither an empty database nor their own version meanwhile."""
    url = postgres.database()
    start = f"from gateway.store import Store; Store({url!r}).ensure_schema()"
    together = [
        subprocess.Popen([sys.executable, "-c", start], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [one.communicate()[1] for one in together]
    assert [one.returncode for one in together] == [0, 0, 0, 0], said
    store = Store(url)
    assert store.is_current()
    store.close()


def test_documents_point_at_things_that_exist() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_decisions_say_what_why_and_what_was_rejected() -> None:
    pages = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))
    assert pages
    for page in pages:
        text = page.read_text("utf-8")
        assert all(word in text for word in ("## What", "## Why", "## Rejected")), page.name
