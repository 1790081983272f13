"""What an earlier run left and must not be overwritten goes to OUT/earlier-N."""

from collections.abc import Iterable
from pathlib import Path

LEDGER_FILES = tuple(f"ledger.db{end}" for end in ("", "-wal", "-shm", ".seal"))
PURCHASES_FILES = ("purchases.db", "purchases.db-wal", "purchases.db-shm", "purchases.jsonl")


def move_aside(out: Path, names: Iterable[str]) -> Path | None:
    """Move those of some files and folders that are there to a new folder OUT/earlier-N; return it, None if none is."""
    left = [out / name for name in names if (out / name).exists()]
    if not left:
        return None
    number = 1
    while (aside := out / f"earlier-{number}").exists():
        number += 1
    aside.mkdir()
    for path in left:
        path.rename(aside / path.name)
    return aside


def keep_decided(out: Path, *, with_purchases: bool) -> Path | None:
    """Move the ledger of an earlier run aside if people have decided on it since; return where it is then.

    A replay makes again what the engine wrote, and replaces it; what a person ruled nobody could make again. What was
    asked of an outside by URL stays (`with_purchases` False): it must not be asked twice.
    """
    from fusion.ledger.database import BookError
    from fusion.ledger.reading import reading

    if not (out / "ledger.db").exists():
        return None
    try:
        with reading(out / "ledger.db") as database:
            decided = database.read("SELECT count(*) FROM entries WHERE resolves IS NOT NULL OR reverses IS NOT NULL")
            kept = decided[0][0] > 0
    except BookError:
        kept = True  # whatever it holds, it is not ours to remove
    return move_aside(out, (*LEDGER_FILES, *(PURCHASES_FILES if with_purchases else ()))) if kept else None
