"""`aisle serve`: sensors in over ZeroMQ, receipts out."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.purchase.flags import add_purchases_flag
from fusion.replay import add_ledger_flags

if TYPE_CHECKING:
    from fusion.live.bus import Inbox, Outbox
    from fusion.purchase.purchases import Purchases
    from fusion.session import Session
    from fusion.store import Store

OUTPUTS = (
    *("tape.journal", "recording.mcap", "receipts.jsonl", "events.jsonl", "evidence.jsonl", "rejected.jsonl"),
    "provisional.jsonl",
    *("tracks.parquet", "ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.seal", "ledger.seal", "run.json"),
    *("ledger.db.lock", "service.json"),
)
# What outlives a run: who owes today owed yesterday.
STAYING = ("purchases.db", "purchases.db-wal", "purchases.db-shm", "purchases.jsonl", "purchases.secret")
EXAMPLES = """\
examples:
  aisle serve --store shop/ --out out/today --listen tcp://127.0.0.1:5555
  aisle serve --store shop/ --out out/today --listen 'tcp://127.0.0.1:*'     (any free port; printed)

Stop it with SIGTERM or Ctrl-C: it reads what sensors have already sent, settles what is open, and writes
the same outputs as replaying OUT/recording.mcap would. OUT/tape.journal is the tape it all came from.
OUT/purchases.db stays from run to run: who owes is not let in (`aisle purchase`).
"""


def add_serve(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `serve`."""
    parser = subparsers.add_parser(
        "serve",
        help="run a store live: sensors in over ZeroMQ, receipts out",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="store folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where outputs go")
    parser.add_argument("--listen", required=True, metavar="ADDRESS", help="where sensors connect, tcp://HOST:PORT")
    parser.add_argument("--publish", metavar="ADDRESS", help="where outputs are published (PUB), tcp://HOST:PORT")
    parser.add_argument(
        "--recording", type=Path, metavar="FILE", help="recording written at the end (OUT/recording.mcap)"
    )
    add_purchases_flag(parser)
    add_ledger_flags(parser)
    parser.set_defaults(run=run_serve)


def run_serve(args: argparse.Namespace) -> int:
    """Run the service until a signal ends it; return the exit status."""
    from fusion.live.bus import BusError

    try:
        _serve(args)
    except BusError as error:
        print(f"aisle serve: {error}", file=sys.stderr)
        return 2
    return 0


def _serve(args: argparse.Namespace) -> None:
    from fusion.live.export import export_tape
    from fusion.live.stopping import stop_on_signals
    from fusion.session import Session
    from fusion.store import load_store

    store = load_store(args.store)
    args.out.mkdir(parents=True, exist_ok=True)
    recording = args.recording or args.out / "recording.mcap"
    with (
        stop_on_signals() as stopping,
        _sockets(args.listen, args.publish) as (inbox, outbox),
        _purchases(args, store) as purchases,
    ):
        set_aside(args.out)
        tape = args.out / "tape.journal"
        session = Session(store, args.out, ledger=args.ledger, key=args.key, follow=purchases.follow)
        try:
            silent = _run(session, tape, inbox, outbox, stopping)
            purchases.deliver()
        finally:  # should the engine fail over what a sensor sent, this is what to replay
            frames = export_tape(tape, recording, store.store_id)
        _report(args.out, recording, inbox, frames, silent)


def _run(session: "Session", tape: Path, inbox: "Inbox", outbox: "Outbox | None", stopping: Callable[[], bool]) -> bool:
    """Serve until stopping; return whether the sensors had fallen silent by then."""
    from fusion.journal import Journal
    from fusion.live.announce import announce
    from fusion.live.service import run
    from fusion.messages import Frame

    store = session.store
    with Journal(tape) as journal:

        def feed(frame: Frame) -> None:
            for outputs in session.feed(frame):
                announce(outputs, store.store_id, store.currency, outbox)

        print(f"aisle serve: listening on {inbox.endpoint}", flush=True)
        if outbox is not None:
            print(f"aisle serve: publishing on {outbox.endpoint}", flush=True)
        silent = run(inbox, journal, feed, stopping)
        for outputs in session.finish():
            announce(outputs, store.store_id, store.currency, outbox)
        session.close()
    return silent


@contextmanager
def _sockets(listen: str, publish: str | None) -> "Iterator[tuple[Inbox, Outbox | None]]":
    import zmq

    from fusion.live.bus import Inbox, Outbox

    with zmq.Context() as context, closing(Inbox(context, listen)) as inbox:
        if publish is None:
            yield inbox, None
        else:
            with closing(Outbox(context, publish)) as outbox:
                yield inbox, outbox


@contextmanager
def _purchases(args: argparse.Namespace, store: "Store") -> "Iterator[Purchases]":
    """Give the purchases of this run, with a courier beside it where they go over a network."""
    from fusion.live.courier import courier_beside
    from fusion.purchase.booking import book_after_run
    from fusion.purchase.purchases import LEDGER, purchases_of

    ledger = args.ledger or args.out / LEDGER
    with purchases_of(args.out, args.purchases, ledger, store, replaces=False, asks_webhooks=False) as purchases:
        if purchases.is_delivered_here:
            yield purchases
        else:
            with courier_beside(args.out):
                yield purchases
        book_after_run(purchases.outbox, args.out, args.ledger, args.key)


def set_aside(out: Path) -> None:
    """Move what an earlier run left in OUT, its ledger above all, to OUT/earlier-N: a service overwrites nothing."""
    left = [out / name for name in OUTPUTS if (out / name).exists()]
    if not left:
        return
    number = 1
    while (aside := out / f"earlier-{number}").exists():
        number += 1
    aside.mkdir()
    for path in left:
        path.rename(aside / path.name)
    print(f"aisle serve: the outputs of an earlier run are now in {aside}", flush=True)


def _report(out: Path, recording: Path, inbox: "Inbox", frames: int, silent: bool) -> None:
    """Say how the run went, and leave the same in OUT/service.json."""
    refused = {reason.value: count for reason, count in sorted(inbox.refused.items())}
    service = {"frames": frames, "refused": refused, "drained": silent, "recording": str(recording)}
    (out / "service.json").write_text(json.dumps(service, indent=1) + "\n")
    if refused:
        counts = ", ".join(f"{count} {reason}" for reason, count in refused.items())
        print(f"aisle serve: refused before the tape: {counts}", file=sys.stderr)
    if not silent:
        print("aisle serve: sensors were still sending; what they sent later is not here", file=sys.stderr)
    print(f"aisle serve: {frames} frames; outputs in {out}, recording {recording}", flush=True)
