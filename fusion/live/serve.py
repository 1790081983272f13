"""`aisle serve`: sensors in over ZeroMQ, receipts out."""

import argparse
import errno
from pathlib import Path

from fusion.aside import move_aside
from fusion.commands_journal import age_ns, size_bytes
from fusion.live.logs import SERVICE, log_as
from fusion.purchase.flags import add_purchases_flag
from fusion.replay import add_ledger_flags
from fusion.web.flags import add_web_flags

OUTPUTS = (
    *("journal", "recording.mcap", "receipts.jsonl", "events.jsonl", "evidence.jsonl", "rejected.jsonl"),
    "provisional.jsonl",
    "health.jsonl",
    *("tracks.parquet", "ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.seal", "ledger.seal", "run.json"),
    *("ledger.db.lock", "service.json", "snapshots", "ending.json", "tracks.rows", "scenes"),
)
# What outlives a run: who owes today owed yesterday.
STAYING = ("purchases.db", "purchases.db-wal", "purchases.db-shm", "purchases.jsonl", "purchases.secret")
PORT_MAX = 65535
EXAMPLES = """\
examples:
  aisle serve --store shop/ --out out/today --listen tcp://127.0.0.1:5555
  aisle serve --store shop/ --out out/today --listen 'tcp://127.0.0.1:*'     (any free port; printed)
  aisle serve --store shop/ --out out/today --listen tcp://127.0.0.1:5555 --metrics 9464 --log json
  aisle serve --store shop/ --out out/today --listen tcp://127.0.0.1:5555 --web 8080       (with the operator's page)

Stop it with SIGTERM or Ctrl-C: it reads what sensors have already sent, settles what is open, and writes
the same outputs as replaying OUT/recording.mcap would (where looks tell people apart: with --looks keep).
OUT/journal is the journal it all came from.
A run that was interrupted, by kill -9 or a power cut, goes on where it was when it is started again on the same OUT.
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
    parser.add_argument(
        "--subscribe",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a plain publisher to listen to, lossy: tcp://HOST:PORT, or tcp://HOST:PORT+RINGPORT to mend its gaps",
    )
    parser.add_argument("--publish", metavar="ADDRESS", help="where outputs are published (PUB), tcp://HOST:PORT")
    parser.add_argument("--snapshots", metavar="ADDRESS", help="where followers ask for what was published before")
    parser.add_argument(
        "--keys", type=Path, metavar="DIR", help="engine's keys and who is allowed (`aisle keys`); else loopback only"
    )
    parser.add_argument(
        "--recording",
        type=Path,
        metavar="FILE",
        help="recording written at the end (OUT/recording.mcap, without the looks that have gone), or none",
    )
    parser.add_argument("--fresh", action="store_true", help="set an interrupted run aside instead of going on with it")
    parser.add_argument("--snapshot-every", type=float, default=20.0, metavar="S", help="seconds (default 20)")
    parser.add_argument(
        "--looks",
        choices=("visit", "keep"),
        default="visit",
        help="appearance vectors leave the journal when the visit is over (default), or stay as long as the journal",
    )
    parser.add_argument("--keep-age", type=age_ns, metavar="AGE", help="remove journal older than this, 30d say")
    parser.add_argument("--keep-size", type=size_bytes, metavar="SIZE", help="remove journal beyond this, 20G say")
    parser.add_argument(
        "--free-min", type=size_bytes, default=256 << 20, metavar="SIZE", help="room on the disk to work in (256M)"
    )
    parser.add_argument(
        "--metrics",
        type=_place,
        metavar="[HOST:]PORT",
        help="answer GET /metrics for Prometheus, loopback only (0: any free port)",
    )
    parser.add_argument("--log", choices=("lines", "json"), default="lines", help="JSON goes to standard error")
    add_purchases_flag(parser)
    add_ledger_flags(parser)
    add_web_flags(parser)
    parser.set_defaults(run=run_serve, guard=None)


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > PORT_MAX:
        raise argparse.ArgumentTypeError(f"expected PORT or HOST:PORT, received {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


def run_serve(args: argparse.Namespace) -> int:
    """Run the service until a signal ends it; return the exit status. Whatever it refuses is said in its log."""
    from fusion.cli import explained
    from fusion.live.bus import BusError
    from fusion.live.serving import serve

    log_as(args.log)
    try:
        serve(args)
    except BusError as error:
        SERVICE.error("%s", error)
        return 2
    except Exception as error:
        text = explained(error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            advice = "what was taken is safe, make room and start it again on the same folder"
            text = f"{args.out}: expected room on its disk, received: {error.strerror}; {advice}"
        if text is None:
            raise
        SERVICE.error("%s", text)
        return 2
    return 0


def set_aside(out: Path) -> None:
    """Move what an earlier run left in OUT, its ledger above all, to OUT/earlier-N: a service overwrites nothing."""
    aside = move_aside(out, OUTPUTS)
    if aside is not None:
        SERVICE.info("the outputs of an earlier run are now in %s", aside)
