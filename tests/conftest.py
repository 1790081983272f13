"""What tests share: the recordings beside the checkout, a PostgreSQL server, an empty place for a ledger."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from bench.cluster import cluster

# The first call of a compiled kernel takes seconds where its cache is cold: time is no part of any property here.
settings.register_profile("aisle", deadline=None)
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
