"""What tests share: the recordings beside the checkout, a PostgreSQL server, ledgers that were closed."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from ledger_closed import Place, closed

from bench.cluster import cluster

# The first call of a compiled kernel takes seconds where its cache is cold: time is no part of any property here.
# What is registered here builds on what hypothesis chose: where CI is set, draws that are the same in every run.
settings.register_profile("aisle", settings.default, deadline=None)
settings.load_profile("aisle")

SHARED = Path(__file__).parents[2] / "shared"
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'aisle%'"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared recordings, or skip where there is none."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: the recordings of other stores are not part of this project")
    return SHARED


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a PostgreSQL server for this run and give its URL; without one installed the tests that ask for it fail."""
    with cluster(durable=False) as url:
        yield url


@pytest.fixture
def database(server: str) -> str:
    """Return the URL of a database without ledgers."""
    empty_database(server)
    return server


def empty_database(url: str) -> None:
    """Remove every ledger of a database, as only its owner can."""
    with psycopg.connect(url, autocommit=True) as connection:
        for (name,) in connection.execute(SCHEMAS).fetchall():
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a closed ledger that nobody may touch."""
    folder = tmp_path_factory.mktemp("pristine")
    closed(folder / "ledger.db", folder)
    return folder


@pytest.fixture
def ledger(pristine: Path, tmp_path: Path) -> Path:
    """A copy of a closed ledger, its seal beside it."""
    for name in ("ledger.db", "ledger.db.seal", "key"):
        (tmp_path / name).write_bytes((pristine / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    return tmp_path / "ledger.db"


@pytest.fixture(params=["file", "server"])
def closed_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A closed ledger of either kind; its seal is in the folder."""
    found: Place = tmp_path / "ledger.db" if request.param == "file" else request.getfixturevalue("database")
    closed(found, tmp_path)
    return found
