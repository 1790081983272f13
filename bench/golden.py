"""The suite of small recorded scenarios: `python -m bench.golden [--rewrite | --record]`.

Each tape in scenarios/golden is a recording of the simulator; beside it stands, as text, the ledger that the engine
made of it. Without a flag the tapes are replayed and differences printed (exit status 1). `--rewrite` writes the
ledgers anew: the difference in version control is the review. `--record` simulates the tapes anew first, which only a
change of the simulator's physics calls for: numpy does not keep random streams across versions, so the tape is kept.
"""

import argparse
import difflib
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import track

from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
from scenarios.simulate import EPOCH_NS, Recipe, simulate, staged
from scenarios.storefile import write_store

SUITE: Final = Path(__file__).parents[1] / "scenarios" / "golden"
STORE: Final = SUITE / "store"
SHOP: Final = "kiosk"
SEED: Final = 1
NAMES: Final = (
    "single",
    "put-back",
    "empty-visit",
    "cart",
    "b10",
    "b18",
    "exchange",
    "hand-over",
    "family",
    "left-elsewhere",
    "staff-restock",
    "stale-planogram",
    "tailgater",
    "lost-messages",
    "plate-stuck",
)
TRANSFERS: Final = "SELECT t_ns, quantity, sku, source, target FROM transfers ORDER BY t_ns, sku, source, target"


def ledger_of(tape: Path, store: Path, out: Path) -> str:
    """Replay a tape into `out` and return its ledger and receipts as text."""
    opened = load_store(store)
    session = Session(opened, out)
    for frame in read_recording(tape):
        session.feed(frame)
    session.finish()
    session.close()
    names = dict(zip(opened.products.sku, opened.products.name, strict=True))
    return "\n".join([*_transfers(out, names), "", *_receipts(out, names)]) + "\n"


def _transfers(out: Path, names: dict[str, str]) -> Iterator[str]:
    with sqlite3.connect(f"file:{out / 'ledger.db'}?mode=ro", uri=True) as ledger:
        rows = ledger.execute(TRANSFERS).fetchall()
    ledger.close()
    for t_ns, quantity, sku, source, target in rows:
        yield f"{(t_ns - EPOCH_NS) / 1e9:7.1f}  {quantity} x {names[sku]:24} {source} -> {target}"


def _receipts(out: Path, names: dict[str, str]) -> Iterator[str]:
    for text in (out / "receipts.jsonl").read_text(encoding="utf-8").splitlines():
        receipt = json.loads(text)
        yield f"{receipt['account']}  {receipt['status']}  party {receipt['party']}  total {receipt['total'] / 100:.2f}"
        for line in receipt["lines"]:
            amount = f"{line['qty']} x" if line["g"] is None else f"{line['g']:.0f} g"
            yield f"    {amount} {names[line['sku']]}  {line['amount'] / 100:.2f}"


def record(name: str) -> None:
    """Simulate a scenario anew and keep its tape; the store, without terms of sale, is the same for all."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Recipe(name, SEED, SHOP), Path(folder))
        SUITE.mkdir(exist_ok=True)
        shutil.copy(Path(folder) / "recording.mcap", tape_of(name))
        write_store(staged(name, SEED, SHOP).world.store, STORE)


def tape_of(name: str) -> Path:
    """Return where a tape lies; its ledger is beside it."""
    return SUITE / f"{name}.mcap"


def main(argv: list[str] | None = None) -> int:
    """Replay the suite and compare, or write it anew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rewrite", action="store_true", help="write the ledgers anew from the tapes")
    parser.add_argument("--record", action="store_true", help="simulate the tapes anew, then write the ledgers")
    args = parser.parse_args(argv)
    console = Console(stderr=True)
    different = 0
    for name in track(NAMES, "golden", console=console, disable=not console.is_terminal):
        if args.record:
            record(name)
        path = tape_of(name).with_suffix(".ledger")
        with tempfile.TemporaryDirectory() as out:
            text = ledger_of(tape_of(name), STORE, Path(out))
        if args.record or args.rewrite:
            path.write_text(text, encoding="utf-8")
        elif text != (known := path.read_text(encoding="utf-8")):
            different += 1
            sys.stdout.writelines(difflib.unified_diff(known.splitlines(True), text.splitlines(True), path.name, "now"))
    print(f"{len(NAMES)} tapes, {different} ledgers differ" + (", written anew" if args.record or args.rewrite else ""))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
