"""`aisle replay`: a recording through the engine, as fast as it goes or at the pace it was made."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from fusion.purchase.flags import add_purchases_flag
from fusion.web.flags import add_web_flags

if TYPE_CHECKING:
    from fusion.ahead import End, Read, Span
    from fusion.config import IntakeConfig
    from fusion.messages import Frame
    from fusion.recording import Recording
    from fusion.session import Session
    from fusion.web.recorder import Recorder

EXAMPLES = """\
examples:
  aisle replay shop.mcap --store shop/ --out out/shop
  aisle replay shop.mcap --store shop/ --out out/shop --rate 1.0          (at the pace it was recorded)
  aisle replay shop.mcap --store shop/ --out out/shop --from 30 --to 90   (seconds from its start)

  aisle replay shop.mcap --store shop/ --out out/shop --web 8080 --rate 1.0       (to watch in a browser)
  aisle replay shop.mcap --store shop/ --out out/shop --purchases https://till.example/purchases
  aisle replay shop.mcap --store shop/ --out out/shop --ledger postgresql://aisle@db/ledgers --key shop.key

OUT then holds receipts.jsonl, events.jsonl, evidence.jsonl, tracks.parquet, health.jsonl, ledger.db with its seal and
the key that signed it, run.json, rejected.jsonl, and in purchases.jsonl what to charge. A ledger elsewhere is added to,
never replaced, and what was asked elsewhere stays asked: replaying again adds nothing.
"""
T = TypeVar("T", bound="Arrived")
SECOND_NS = 1_000_000_000
LOOK_S = 0.2  # between two looks at whether the page may end
EVERY_FRAMES, EVERY_READS = 500, 1  # between two looks at how far the file is read


class Arrived(Protocol):
    """What came at some time, by the recorder's clock."""

    @property
    def arrival_ns(self) -> int:
        """Return when that was."""
        ...


def add_replay(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `replay`."""
    parser = subparsers.add_parser(
        "replay",
        help="run a recording through the engine",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="MCAP file")
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="store folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where outputs go")
    parser.add_argument("--rate", type=_rate, default=None, metavar="R", help="1.0 is real time; default max")
    parser.add_argument("--from", dest="since", type=float, metavar="T", help="leave out what arrived before T")
    parser.add_argument("--to", dest="until", type=float, metavar="T", help="leave out what arrived at T or later")
    add_purchases_flag(parser)
    add_ledger_flags(parser)
    add_web_flags(parser)
    parser.set_defaults(run=run_replay)


def add_ledger_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where the ledger is and who signs it."""
    parser.add_argument("--ledger", metavar="PLACE", help="a ledger file or postgresql:// URL (OUT/ledger.db)")
    parser.add_argument("--key", type=Path, metavar="FILE", help="key that signs it at the end (OUT/ledger.key)")


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    rate = float(text)
    if not 0.0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number or max, received {text}")
    return rate


def run_replay(args: argparse.Namespace) -> int:
    """Replay one recording; with a page, serve it until Ctrl-C; return the exit status."""
    if args.web is None:
        shutil.rmtree(args.out / "scenes", ignore_errors=True)  # of an earlier run with a page: it is replaced
        return _replay(args, None)
    from fusion.live.stopping import stop_on_signals
    from fusion.web.beside import page_beside
    from fusion.web.recorder import Recorder

    with page_beside(args, "replay") as page:
        assert page is not None
        recorder = Recorder(args.out)
        status = _replay(args, recorder)
        recorder.end()
        print("aisle replay: the page stays until Ctrl-C", flush=True)
        with stop_on_signals() as stopping:
            while not stopping() and page.is_there(LOOK_S):
                pass
    return status


def _replay(args: argparse.Namespace, recorder: "Recorder | None") -> int:
    from fusion.ahead import Span
    from fusion.config import Config
    from fusion.recording import read_recording
    from fusion.store import load_store

    store = load_store(args.store)
    recording = read_recording(args.recording)
    span = Span(args.since, args.until)
    # What reads ahead begins now: the engine itself takes longer to load.
    with begun(recording, span, Config().intake, args.rate, is_shown=recorder is not None) as run:
        from fusion.aside import keep_decided
        from fusion.purchase.booking import book_after_run
        from fusion.purchase.purchases import LEDGER, purchases_of
        from fusion.session import Session, unseen

        ledger = args.ledger or args.out / LEDGER
        aside = keep_decided(args.out, with_purchases=args.purchases is None) if args.ledger is None else None
        if aside is not None:
            print(f"aisle replay: a ledger on which people have decided is now in {aside}", file=sys.stderr)
        with purchases_of(args.out, args.purchases, ledger, store, replaces=True, asks_webhooks=True) as purchases:
            session = Session(store, args.out, ledger=args.ledger, key=args.key, follow=purchases.follow)
            session.watch = recorder or unseen
            run(session)
            session.finish()
            record = session.close()
            purchases.deliver()
            book_after_run(purchases.outbox, args.out, args.ledger, args.key)
            waiting = purchases.outbox.waiting()
    if waiting:
        print(f"{waiting} purchases wait for an answer: aisle purchase retry {args.out}", file=sys.stderr)
    if recording.damage:
        print(f"{args.recording}: {recording.damage}; what came before was replayed", file=sys.stderr)
    seconds = record["seconds"]
    speed = seconds["store"] / max(seconds["wall"], 1e-9)
    print(
        f"{record['messages']['read']} messages, {seconds['store']:.1f} s of store time in {seconds['wall']:.1f} s "
        f"({speed:.0f} x real time); outputs in {args.out}"
    )
    health = record["health"]
    if health["mode"] != "open":
        print(f"store {record['store']}: {health['mode']}: {'; '.join([*health['reasons'], *health['blind']])}")
    for sensor, said in health["sensors"].items():
        print(f"sensor {sensor}: {said['state']}: {said['text']}")
    for sensor, text in health["suspects"].items():
        print(f"sensor {sensor}: {text}")
    for limit, times in record["limits"].items():
        print(f"limit {limit} of the configuration was reached {times} times: likely readings were left out")
    return 0


def run_through(session: "Session", recording: "Recording", span: "Span") -> None:
    """Feed a session what a recording holds, as fast as it goes."""
    with begun(recording, span, session.config.intake) as run:
        run(session)


@contextmanager
def begun(
    recording: "Recording",
    span: "Span",
    config: "IntakeConfig",
    rate: float | None = None,
    *,
    is_shown: bool = False,
) -> Iterator[Callable[["Session"], None]]:
    """Give what feeds a session all that a recording holds; a process that reads ahead, where it pays, begins at once.

    rate is how much faster than real time, None for as fast as it goes; a run that is shown is read here, so that who
    looks sees what has been counted up to then. config is that of the session.
    """
    from fusion.ahead import pays, read_ahead

    if rate is None and not is_shown and pays(recording):
        with read_ahead(recording.path, span, config) as found:
            yield lambda session: _take_ahead(session, recording, found)
    else:
        yield lambda session: _feed(session, recording, span, rate)


def _feed(session: "Session", recording: "Recording", span: "Span", rate: float | None) -> None:
    from fusion.ahead import cut

    for frame in _shown(_paced(cut(recording, span), rate), recording, EVERY_FRAMES):
        session.feed(frame)


def _take_ahead(session: "Session", recording: "Recording", found: "Iterator[Read | End]") -> None:
    from fusion.ahead import End

    for one in _shown(found, recording, EVERY_READS):
        if isinstance(one, End):
            session.sequencer = one.sequencer
            recording.damage, recording.store_id = one.damage, one.store_id
        else:
            recording.bytes_read = one.bytes_read
            session.take(one)


def _paced(frames: "Iterator[Frame]", rate: float | None) -> "Iterator[Frame]":
    """Hand frames on when they are due."""
    begun_s, start_ns = time.perf_counter(), 0
    for frame in frames:
        start_ns = start_ns or frame.arrival_ns
        if rate is not None:
            store_s = (frame.arrival_ns - start_ns) / SECOND_NS
            time.sleep(max(0.0, store_s / rate - (time.perf_counter() - begun_s)))
        yield frame


def _shown(frames: Iterator[T], recording: "Recording", every: int) -> Iterator[T]:
    """Hand frames on, showing on a terminal, after every so many, how far the file is read."""
    if not sys.stderr.isatty():
        yield from frames
        return
    # Here, because where nobody looks nothing need wait for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying", total=recording.bytes_total, told="")
        begun_s, start_ns = time.perf_counter(), 0
        for count, frame in enumerate(frames):
            start_ns = start_ns or frame.arrival_ns
            if count % every == 0:
                store_s = (frame.arrival_ns - start_ns) / SECOND_NS
                speed = store_s / max(time.perf_counter() - begun_s, 1e-3)
                told = f"{store_s:.0f} s of store time, {speed:.0f} x"
                progress.update(task, completed=recording.bytes_read, told=told)
            yield frame
