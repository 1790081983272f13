"""STORES.toml: which stores a fleet keeps live, each with what `aisle serve` would be told on its command line."""

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from fusion.fleet.machines import FleetError

TABLE: Final = "store"
OF_THE_FLEET: Final = {"lease": str, "chain": str, "cpus": float}
NEEDED: Final = ("store", "out", "listen")
PATHS: Final = ("store", "out", "keys", "key", "recording")  # from the file's own folder on
NOT_HERE: Final = ("fresh", "log", "help")
CPUS: Final = 0.25  # of a core, a store: what Ray places by; nothing is limited to it


@dataclass(frozen=True, slots=True)
class StorePlan:
    """One store of a fleet."""

    store_id: str
    args: argparse.Namespace  # as `aisle serve` would have them


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """All stores of a fleet, and what they share."""

    stores: tuple[StorePlan, ...]
    lease: str | None  # postgresql:// URL; None: a file in each store's output folder
    chain: str | None  # postgresql:// URL of the chain's ledger, if any
    cpus: float


def read_plan(path: Path) -> FleetPlan:
    """Read STORES.toml; raises FleetError, StoreError or OSError for what is wrong with it, in one line."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FleetError(f"{path}: expected TOML, received: {error}") from None
    tables = said.pop(TABLE, None)
    if not (isinstance(tables, list) and tables and all(isinstance(table, dict) for table in tables)):
        raise FleetError(f"{path}: expected [[store]] for each store, received none")
    for key, value in said.items():
        _expect_shared(path, key, value)
    stores = tuple(_store(path, number, table) for number, table in enumerate(tables, 1))
    for what in ("store_id", *NEEDED):
        _expect_different(path, what, stores)
    return FleetPlan(stores, said.get("lease"), said.get("chain"), float(said.get("cpus", CPUS)))


def _expect_shared(path: Path, key: str, value: object) -> None:
    kind = OF_THE_FLEET.get(key)
    if kind is None:
        raise FleetError(f"{path}: expected {', '.join(OF_THE_FLEET)} or [[store]], received {key!r}")
    if kind is float:
        if not (isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1024):
            raise FleetError(f"{path}: {key}: expected a number above 0, at most 1024, received {value!r}")
    elif not (isinstance(value, str) and value.startswith(("postgresql://", "postgres://"))):
        raise FleetError(f"{path}: {key}: expected a postgresql:// URL, received {str(value)[:60]!r}")


def _store(path: Path, number: int, table: Mapping[str, Any]) -> StorePlan:
    from fusion.ledger.book import is_url
    from fusion.store import load_store

    place = f"{path}: store {number}"
    words: list[str] = []
    flags = _flags(place)
    for key, value in table.items():
        flag = f"--{key.replace('_', '-')}"
        if flag not in flags:
            raise FleetError(f"{place}: expected {', '.join(sorted(word[2:] for word in flags))}, received {key!r}")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FleetError(f"{place}: {key}: expected a text or a number, received {value!r}")
        words.append(f"{flag}={value}")
    missing = [key for key in NEEDED if key not in table]
    if missing:
        raise FleetError(f"{place}: expected {', '.join(NEEDED)}, received no {missing[0]}")
    args = _parser(place).parse_args(words)
    if args.listen.endswith(":*"):
        raise FleetError(f"{place}: listen: expected a port that stays when the store moves, received {args.listen!r}")
    for name in PATHS:
        value = getattr(args, name)
        if value is not None and value != Path("none"):
            setattr(args, name, (path.parent / value).resolve())
    if args.ledger is not None and not is_url(args.ledger):
        args.ledger = str((path.parent / args.ledger).resolve())
    return StorePlan(load_store(args.store).store_id, args)


def _expect_different(path: Path, what: str, stores: tuple[StorePlan, ...]) -> None:
    seen: dict[object, int] = {}
    for number, one in enumerate(stores, 1):
        value = one.store_id if what == "store_id" else getattr(one.args, what)
        before = seen.setdefault(value, number)
        if before != number:
            raise FleetError(f"{path}: store {number}: expected another {what} than store {before}, received {value}")


def _parser(place: str) -> argparse.ArgumentParser:
    """Return the parser of `aisle serve`, which says what is wrong of this place."""
    from fusion.live.serve import add_serve

    subparsers = argparse.ArgumentParser().add_subparsers()
    add_serve(subparsers)
    parser: argparse.ArgumentParser = subparsers.choices["serve"]

    def refuse(message: str) -> NoReturn:
        raise FleetError(f"{place}: {message.replace('argument --', '')}")

    parser.error = refuse  # type: ignore[method-assign]
    return parser


def _flags(place: str) -> set[str]:
    """Return the flags that a store may have here; the page is a command of its own (`aisle web`)."""
    known = {flag for action in _parser(place)._actions for flag in action.option_strings if flag.startswith("--")}
    return {flag for flag in known if flag[2:] not in NOT_HERE and not flag.startswith("--web")}
