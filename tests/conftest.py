"""Owns the fixtures everybody uses: settings, a fresh database for each test, the shared corpus; no paid call."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from chapter_pipeline.settings import PREFIX, Settings, available_processors
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.embedded import EmbeddedServer, embedded_server

# No promise about time is held by a test: a slow machine is no counterexample.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
hypothesis.settings.load_profile("any machine")
# A shell that starts the tests in the background has them ignore these, and so would every program that they start
# and send one to.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "data"
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PAID_KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")
TEMPLATE = "chapter_template"
NAMED_OUTSIDE = "CHAPTERTESTS_RUN" in os.environ
"""Whether this process uses the server of another one: that of the run whose worker it is, or of `make mutants`."""
# One server for all workers of one pytest-xdist run. Not below pytest's own folder: pytest closes that to other
# users, and under root PostgreSQL runs as one.
SHARED_HOME = (
    Path(tempfile.gettempdir()) / f"chapter-tests-{os.environ.setdefault('CHAPTERTESTS_RUN', uuid.uuid4().hex[:12])}"
)


@pytest.fixture(autouse=True, scope="session")
def _no_paid_calls_and_no_outside_settings() -> Iterator[None]:
    """The kill switch: no test can reach a paid model, and none sees the settings of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in PAID_KEYS or name.startswith((PREFIX, "AWS_")):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True, scope="session")
def _processors_are_shared_among_the_workers() -> Iterator[None]:
    """Models compute with the threads that are this worker's share: more of them only wait for each other."""
    share = max(1, available_processors() // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    with pytest.MonkeyPatch.context() as patch:
        for place in ("retrieval.minilm.available_cores", "documents.ocr.engine.available_processors"):
            patch.setattr(f"chapter_pipeline.{place}", lambda: share)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """The embedded server of this test run, with `TEMPLATE` migrated once."""
    SHARED_HOME.mkdir(exist_ok=True)
    server = embedded_server(SHARED_HOME)
    with psycopg.connect(server.connection_string("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SELECT pg_advisory_lock(hashtext('chapter template'))")
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier("chapter_template_new")))
            template = _database(server, "chapter_template_new", SHARED_HOME)
            template.migrate()
            template.close()
            connection.execute(
                sql.SQL("ALTER DATABASE chapter_template_new RENAME TO {}").format(sql.Identifier(TEMPLATE))
            )
    yield server
    server.release()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder of this test alone."""
    return tmp_path / "home"


@pytest.fixture
def empty_database_name(postgres: EmbeddedServer) -> Iterator[str]:
    """The name of a new database without any table."""
    yield from new_database(postgres, "template1")


@pytest.fixture
def database_name(postgres: EmbeddedServer) -> Iterator[str]:
    """The name of a new database with the newest schema."""
    yield from new_database(postgres, TEMPLATE)


@pytest.fixture
def settings(postgres: EmbeddedServer, database_name: str, home: Path) -> Settings:
    """Settings of this test alone: a fresh database, a home of its own."""
    return Settings(home=home, database_url=SecretStr(postgres.url(database_name, "psycopg")))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A fresh, migrated database."""
    database = Database.open(settings)
    yield database
    database.close()


@pytest.fixture(scope="module")
def module_database(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated database for all tests of a module: to make one takes longer than a small test."""
    for name in new_database(postgres, TEMPLATE):
        database = _database(postgres, name, tmp_path_factory.mktemp("module") / "home")
        yield database
        database.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared test data beside the project (library, retrieval, hostile files, scans, references)."""
    if not CORPUS.is_dir():
        pytest.skip("the shared test data (../shared/data beside the project) is not on this machine")
    return CORPUS


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The PDFs of the sample library of examples/: what the tests of the shared data ask, asked without them."""
    from chapter_pipeline.publishing.samples import build_samples

    return build_samples(EXAMPLES / "library", tmp_path_factory.mktemp("sample library"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that named the run removes the server's folder; those that it started leave before it."""
    if not NAMED_OUTSIDE:
        shutil.rmtree(SHARED_HOME, ignore_errors=True)


def _database(server: EmbeddedServer, name: str, home: Path) -> Database:
    return Database.open(Settings(home=home, database_url=SecretStr(server.url(name, "psycopg"))))


def new_database(server: EmbeddedServer, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.connection_string("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
