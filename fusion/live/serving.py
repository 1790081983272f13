"""The service: the gateway's journal through the engine, batch by batch, until a signal; then what is left of it."""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from fusion.journal import JournalReader, read_journal
from fusion.journal.record import Kind
from fusion.journal.retention import forget_looks
from fusion.journal.segment import segments_of
from fusion.ledger.book import unguarded
from fusion.live.announce import Announcer
from fusion.live.bulletin import Bulletin
from fusion.live.bus import BusError
from fusion.live.courier import courier_beside
from fusion.live.disk import Taken, free_bytes, only_one
from fusion.live.export import export_journal
from fusion.live.gateway_child import GatewayChild
from fusion.live.gateway_words import Settings
from fusion.live.keeping import Keeper
from fusion.live.logs import SERVICE
from fusion.live.metrics import Tallies, Tally, serve_metrics
from fusion.live.recovery import (
    DONE,
    ENDING,
    JOURNAL,
    SNAPSHOTS,
    Start,
    ending_of,
    go_on,
    is_interrupted,
    known_to,
    mean_to_end,
    retelling,
)
from fusion.live.serve import set_aside
from fusion.live.stopping import stop_on_signals
from fusion.purchase.booking import book_after_run
from fusion.purchase.purchases import LEDGER, Purchases, purchases_of
from fusion.session import Saved, Session
from fusion.store import Store, load_store
from fusion.web.beside import page_beside, watched
from fusion.web.child import WebChild
from fusion.web.flags import is_loopback

POLL_S: Final = 0.1  # how long a request to stop may go unnoticed
BATCH_MAX: Final = 256  # records read between two looks around

Stopping: TypeAlias = Callable[[], AbstractContextManager[Callable[[], bool]]]  # gives what tells when to end


def serve(args: argparse.Namespace, stop: Stopping = stop_on_signals) -> None:
    """Serve a store as the command line says, until `stop` says so; BusError for what it says that cannot be."""
    store = load_store(args.store)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "serve.lock").touch()
    free = free_bytes(args.out)
    if free < args.free_min:
        raise BusError(f"{args.out}: expected {args.free_min >> 20} MiB free on its disk, received {free >> 20}")
    metrics = _metrics(args, store)
    try:
        with (
            only_one(args.out / "serve.lock", "service"),
            only_one(args.store / "store.toml", "service"),
            stop() as stopping,
            _purchases(args, store) as purchases,
            page_beside(args, "serve") as page,
        ):
            _end_what_was_ending(args, store, purchases)
            if args.fresh or not is_interrupted(args.out):
                set_aside(args.out)
            with GatewayChild(_settings(args, store)) as gateway:
                _serve(args, store, gateway, purchases, metrics, stopping, page)
    except Taken as error:
        raise BusError(str(error)) from None


def _serve(
    args: argparse.Namespace,
    store: Store,
    gateway: GatewayChild,
    purchases: Purchases,
    metrics: Tallies,
    stopping: Callable[[], bool],
    page: WebChild | None,
) -> None:
    start = _start(args, store, purchases)
    tell = Announcer(store.store_id, store.currency, gateway)
    tell.begin_with(start.baskets, args.out, start.session.state.watch)
    try:
        with retelling(args.out, start):
            _run(args, start, gateway, tell, metrics, stopping, page)
        purchases.deliver()
    finally:  # should the engine fail over what a sensor sent, this is what to replay
        gateway.stop()
        frames = _export(args, store)
    _leave(args)
    _report(args, gateway, frames)


def _start(args: argparse.Namespace, store: Store, purchases: Purchases) -> Start:
    """Begin a run, or go on with the one that is there."""
    begin = partial(_session, args, store, purchases)
    if is_interrupted(args.out) and segments_of(args.out / JOURNAL) and (args.out / "receipts.jsonl").exists():
        return go_on(args.out, args.store, lambda saved: begin(saved, keeps_ledger=True))
    return Start(begin(None, keeps_ledger=False), 0, {}, {})


def _session(
    args: argparse.Namespace, store: Store, purchases: Purchases, saved: Saved | None, *, keeps_ledger: bool
) -> Session:
    follow, ledger = purchases.follow, args.ledger
    return Session(
        store,
        args.out,
        ledger=ledger,
        key=args.key,
        follow=follow,
        keeps_ledger=keeps_ledger,
        saved=saved,
        clock=time.time_ns,
        guard=args.guard or unguarded,
    )


def _run(
    args: argparse.Namespace,
    start: Start,
    gateway: GatewayChild,
    tell: Announcer,
    metrics: Tallies,
    stopping: Callable[[], bool],
    page: WebChild | None,
) -> None:
    """Feed the engine what is durable until stopping, then what the gateway takes while it drains."""
    session, reader = start.session, read_journal(args.out / JOURNAL, start.next)
    recorder = watched(
        args, session, start.baskets, lambda: (gateway.end - reader.next, (time.time_ns() - session.arrival_ns) / 1e6)
    )
    keeper, bulletin = Keeper(args, start, gateway.roll), Bulletin(tell, metrics, gateway, reader.next)
    _say_where(gateway)
    while not stopping():
        end = gateway.wait(POLL_S if reader.next == gateway.end else 0.0)
        _feed(reader, min(end, reader.next + BATCH_MAX), session, tell)
        gateway.fed(reader.next)
        keeper.keep(session, reader.next, tell.baskets)
        if bulletin.is_due():
            bulletin.say(session, reader.next)
            if page is not None:
                page.mend()
    SERVICE.info("stopping: taking what sensors have sent already")
    end = gateway.drain()
    if end > reader.next:
        SERVICE.info("stopping: %d records are left to read", end - reader.next)
    mean_to_end(args.out, end)
    _finish(reader, end, session, tell)
    if recorder is not None:
        recorder.end()


def _metrics(args: argparse.Namespace, store: Store) -> Tallies:
    """Return where to show how the run goes, and answer for it where that was asked for."""
    tallies = Tallies(Tally(store.store_id))
    if args.metrics is not None:
        host, port = args.metrics
        if not is_loopback(host):
            expected = "expected a loopback address (127.0.0.1), for whoever asks there shows no key"
            raise BusError(f"--metrics {host}:{port}: {expected}; a proxy with a lock of its own can stand in front")
        try:
            port = serve_metrics(tallies, port, host)
        except OSError as error:
            raise BusError(f"--metrics {host}:{port}: cannot listen there: {error.strerror}") from None
        SERVICE.info("metrics on http://%s:%d/metrics", host, port)
    return tallies


def _finish(reader: JournalReader, end: int, session: Session, tell: Announcer) -> None:
    _feed(reader, end, session, tell)
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
        SERVICE.warning("%s", damage)


def _end_what_was_ending(args: argparse.Namespace, store: Store, purchases: Purchases) -> None:
    """End a run that was interrupted while it ended, without taking anything new."""
    end = ending_of(args.out) if is_interrupted(args.out) and not args.fresh else None
    if end is None:
        return
    SERVICE.info("ending the run that was interrupted while it ended")
    start = _start(args, store, purchases)
    tell = Announcer(store.store_id, store.currency, None)
    tell.begin_with(start.baskets, args.out, start.session.state.watch)
    recorder = watched(args, start.session, start.baskets)
    with retelling(args.out, start):
        _finish(read_journal(args.out / JOURNAL, start.next), end, start.session, tell)
    if recorder is not None:
        recorder.end()
    purchases.deliver()
    _export(args, store)
    _leave(args)


def _leave(args: argparse.Namespace) -> None:
    """Everybody has left: so does what they looked like, except from a recording that was asked for."""
    assert (args.out / DONE).exists()
    shutil.rmtree(args.out / SNAPSHOTS, ignore_errors=True)
    (args.out / ENDING).unlink(missing_ok=True)
    _forget_looks(args)


def _forget_looks(args: argparse.Namespace) -> None:
    for path in segments_of(args.out / JOURNAL) if args.looks == "visit" else ():
        forget_looks(path)


def _settings(args: argparse.Namespace, store: Store) -> Settings:
    return Settings(
        journal=str(args.out / JOURNAL),
        listen=args.listen,
        publish=args.publish or "",
        requests=args.snapshots or "",
        subscribe=tuple(args.subscribe),
        keys=str(args.keys) if args.keys else "",
        store_id=store.store_id,
        log=args.log,
        free_bytes_min=args.free_min,
        known=known_to(args.out),
    )


def _say_where(gateway: GatewayChild) -> None:
    settings = gateway.settings
    for what, address in (
        ("listening", settings.listen),
        ("publishing", settings.publish),
        ("snapshots", settings.requests),
    ):
        if address:
            SERVICE.info("%s on %s", what, address)


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
        book_after_run(purchases.outbox, args.out, args.ledger, args.key)


def _export(args: argparse.Namespace, store: Store) -> int:
    """Make the recording; return how many frames it has. Looks are in it where it was asked for, or the run failed."""
    recording = _recording(args)
    if args.recording is None and (args.out / DONE).exists():
        _forget_looks(args)
    if recording is None:
        return sum(1 for _ in read_journal(args.out / JOURNAL).frames())
    frames, _ = export_journal(args.out / JOURNAL, recording, store.store_id)
    return frames


def _recording(args: argparse.Namespace) -> Path | None:
    if args.recording is None:
        path: Path = args.out / "recording.mcap"
        return path
    return None if args.recording == Path("none") else args.recording


def _report(args: argparse.Namespace, gateway: GatewayChild, frames: int) -> None:
    """Say how the run went, and leave the same in OUT/service.json."""
    recording, state = _recording(args), gateway.state
    service = {"frames": frames, "drained": gateway.silent, "restarts": gateway.restarts, "recording": str(recording)}
    (args.out / "service.json").write_text(json.dumps({**service, **state}, indent=1) + "\n")
    for what in ("refused", "lost"):
        if state.get(what):
            counts = ", ".join(f"{count} {reason}" for reason, count in state[what].items())
            where = "refused before the tape" if what == "refused" else "given up by their senders"
            SERVICE.warning("%s: %s", where, counts)
    if not gateway.silent:
        SERVICE.warning("sensors were still sending; what they sent later is not here")
    SERVICE.info("%d frames; outputs in %s, recording %s", frames, args.out, recording)
