"""`aisle weigh`: a device in somebody's hand that tells the engine of a test weight before it is laid on a plate."""

import argparse
import sys
import time
from math import isfinite
from pathlib import Path

from sensors.commands import add_keys_flag

REST_S = 5  # a weight that lies for less tells nothing


def add_weigh(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle weigh PLATE GRAMS --store STORE --to ADDRESS`."""
    parser = subparsers.add_parser(
        "weigh",
        help="tell a running service of a test weight that comes on a plate",
        description="Tell the engine that a test weight is about to be laid on a plate. What the plate shows of it is\n"
        "said in health.jsonl and on the bus, and tells whether the plate weighs wrong.",
        epilog="examples:\n  aisle weigh G1-s2-p11 500 --store shop/store --to tcp://127.0.0.1:5555\n"
        "  aisle weigh G1-s2-p11 500 --store shop/store --to tcp://shop:5555 --keys scanner --name scanner",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("plate", metavar="PLATE", help="its name in plates.csv")
    parser.add_argument("grams", type=_grams, metavar="GRAMS", help="of the weight")
    parser.add_argument("--store", type=Path, required=True, metavar="STORE", help="store folder")
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="where `aisle serve` listens, tcp://HOST:PORT")
    add_keys_flag(parser)
    parser.add_argument("--name", default="scanner", metavar="NAME", help="who we are, NAME.key_secret in --keys")
    parser.set_defaults(run=_weigh)


def _grams(text: str) -> float:
    grams = float(text)
    if not isfinite(grams) or grams < 1.0:
        raise argparse.ArgumentTypeError(f"expected grams, 1 or more, received {text}")
    return grams


def _weigh(args: argparse.Namespace) -> int:
    from fusion.config import Config
    from fusion.live.bus import BusError
    from fusion.live.keys import ENGINE, read_badge
    from fusion.messages import Health
    from fusion.store import load_store
    from fusion.wire import encode, topic_of
    from sensors.publish import Sender

    plates = load_store(args.store).plates.plate_id
    if args.plate not in plates:
        print(f"aisle weigh: {args.store}/plates.csv: expected a plate of it, received {args.plate}", file=sys.stderr)
        return 2
    badge = read_badge(args.keys / f"{args.name}.key_secret", args.keys / f"{ENGINE}.key") if args.keys else None
    word = Health(args.name, 0, time.time_ns(), "ok", "", ((args.plate, args.grams),))
    try:
        with Sender(args.to, args.name, badge=badge) as sender:
            sender.connect()
            sender.send(topic_of(word), encode(word))
            sender.finish()
    except BusError as error:
        print(f"aisle weigh: {error}", file=sys.stderr)
        return 2
    wait_s = Config().health.test_wait_s
    print(f"lay {args.grams:g} g on {args.plate} within {wait_s:.0f} s, and take it off again after {REST_S} s")
    return 0
