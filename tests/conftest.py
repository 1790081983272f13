"""What tests share: the recordings beside the checkout."""

from pathlib import Path

import pytest
from hypothesis import settings

# The first call of a compiled kernel takes seconds where its cache is cold: time is no part of any property here.
settings.register_profile("aisle", deadline=None)
settings.load_profile("aisle")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared recordings, or skip where there is none."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: the recordings of other stores are not part of this project")
    return SHARED
