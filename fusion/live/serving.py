"""The service: the gateway's journal through the engine, batch by batch, until a signal; then what is left of it."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fusion.journal import JournalReader, read_journal
from fusion.journal.record import Kind
from fusion.live.announce import Announcer
from fusion.live.courier import courier_beside
from fusion.live.export import export_journal
from fusion.live.gateway_child import GatewayChild
from fusion.live.gateway_process import Settings
from fusion.live.serve import set_aside
from fusion.live.stopping import stop_on_signals
from fusion.purchase.purchases import LEDGER, Purchases, purchases_of
from fusion.session import Session
from fusion.store import Store, load_store

POLL_S: Final = 0.1  # how long a request to stop may go unnoticed
BATCH_MAX: Final = 256  # records read between two looks around
JOURNAL: Final = "journal"


def serve(args: argparse.Namespace) -> None:
    """Serve a store as the command line says; BusError for addresses or keys that cannot be used."""
    store = load_store(args.store)
    args.out.mkdir(parents=True, exist_ok=True)
    with stop_on_signals() as stopping, _purchases(args, store) as purchases:
        set_aside(args.out)
        with GatewayChild(_settings(args, store)) as gateway:
            session = Session(store, args.out, ledger=args.ledger, key=args.key, follow=purchases.follow)
            try:
                _run(session, gateway, stopping)
                purchases.deliver()
            finally:  # should the engine fail over what a sensor sent, this is what to replay
                gateway.stop()
                frames = _export(args, store)
            _report(args, gateway, frames)


def _run(session: Session, gateway: GatewayChild, stopping: Callable[[], bool]) -> None:
    """Feed the engine what is durable until stopping, then what the gateway takes while it drains."""
    store = session.store
    reader = read_journal(Path(gateway.settings.journal))
    tell = Announcer(store.store_id, store.currency, gateway)
    print(f"aisle serve: listening on {gateway.settings.listen}", flush=True)
    if gateway.settings.publish:
        print(f"aisle serve: publishing on {gateway.settings.publish}", flush=True)
    if gateway.settings.requests:
        print(f"aisle serve: snapshots on {gateway.settings.requests}", flush=True)
    while not stopping():
        end = gateway.wait(POLL_S if reader.next == gateway.end else 0.0)
        _feed(reader, min(end, reader.next + BATCH_MAX), session, tell)
        gateway.fed(reader.next)
    _feed(reader, gateway.drain(), session, tell)
    for outputs in session.finish():
        tell(outputs)
    session.close()


def _feed(reader: JournalReader, end: int, session: Session, tell: Announcer) -> None:
    known = len(reader.damage)
    for _, record in reader.until(end):
        if record.kind is Kind.FRAME:
            for outputs in session.feed(record.frame):
                tell(outputs)
    for damage in reader.damage[known:]:
        print(f"aisle serve: {damage}", file=sys.stderr, flush=True)


def _settings(args: argparse.Namespace, store: Store) -> Settings:
    return Settings(
        journal=str(args.out / JOURNAL),
        listen=args.listen,
        publish=args.publish or "",
        requests=args.snapshots or "",
        subscribe=tuple(args.subscribe),
        keys=str(args.keys) if args.keys else "",
        store_id=store.store_id,
    )


@contextmanager
def _purchases(args: argparse.Namespace, store: Store) -> Iterator[Purchases]:
    """Give the purchases of this run, with a courier beside it where they go over a network."""
    ledger = args.ledger or args.out / LEDGER
    with purchases_of(args.out, args.purchases, ledger, store, replaces=False, asks_webhooks=False) as purchases:
        if purchases.is_delivered_here:
            yield purchases
        else:
            with courier_beside(args.out):
                yield purchases


def _export(args: argparse.Namespace, store: Store) -> int:
    recording = args.recording or args.out / "recording.mcap"
    frames, _ = export_journal(args.out / JOURNAL, recording, store.store_id)
    return frames


def _report(args: argparse.Namespace, gateway: GatewayChild, frames: int) -> None:
    """Say how the run went, and leave the same in OUT/service.json."""
    recording = args.recording or args.out / "recording.mcap"
    state = gateway.state
    service = {"frames": frames, "drained": gateway.silent, "restarts": gateway.restarts, "recording": str(recording)}
    (args.out / "service.json").write_text(json.dumps({**service, **state}, indent=1) + "\n")
    if state.get("refused"):
        counts = ", ".join(f"{count} {reason}" for reason, count in state["refused"].items())
        print(f"aisle serve: refused before the tape: {counts}", file=sys.stderr)
    if not gateway.silent:
        print("aisle serve: sensors were still sending; what they sent later is not here", file=sys.stderr)
    print(f"aisle serve: {frames} frames; outputs in {args.out}, recording {recording}", flush=True)
