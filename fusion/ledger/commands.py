"""The command `aisle ledger`: its actions, of which verify and close are here."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.desk.claim_commands import add_claims
from fusion.desk.commands import add_review
from fusion.ledger.export.commands import add_export
from fusion.ledger.places import PLACE
from fusion.ledger.report.commands import add_report

if TYPE_CHECKING:
    from fusion.ledger.verify import Report

SHOWN_MAX = 100  # findings printed; --json has them all
EPILOG = """\
A closed ledger is signed. Its seal (LEDGER.seal, for a file) covers every byte of the file; without --public-key any
signature counts that fits, so keep the public key, and a copy of the newest seal, where nobody who can write to the
ledger can reach them.

examples:
  aisle ledger verify out/ledger.db                                  is every byte as it was when it was closed?
  aisle ledger verify out/ledger.db --public-key store.pub           and closed by this key?
  aisle ledger verify out/ledger.db --open                           in the middle of the day
  aisle ledger verify 'postgresql://aisle@db/ledgers#nano-01' --seal nano-01.seal
  aisle ledger close out/ledger.db --key store.key
  aisle ledger export out/ledger.db --format beancount --out store.beancount
  aisle ledger report out/ledger.db --store shop/store
  aisle ledger review out/ledger.db                                  what waits for a person?

Exit status: 0 nothing found, 1 something found, 2 bad arguments or no ledger there.
"""


def add_ledger(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle ledger` and its actions."""
    parser = subparsers.add_parser(
        "ledger",
        help="verify a ledger, close it, report on it; decide on reviews, refunds and disputes",
        description="Verify a ledger, close it with a signature, report on it, write it for other programs; decide on "
        "reviews, refunds and disputes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=subparsers._parser_class)
    verify = actions.add_parser("verify", help="find whatever was changed, removed or added, and say where")
    verify.add_argument("ledger", metavar="LEDGER", help=PLACE)
    verify.add_argument("--public-key", metavar="KEY", help="the only key to trust: 64 hex digits, or a file of them")
    verify.add_argument("--seal", type=Path, metavar="FILE", help="the seal made at closing time (LEDGER.seal)")
    verify.add_argument("--open", action="store_true", help="the ledger is in use: its last records are not signed yet")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.set_defaults(run=_verify)
    close = actions.add_parser("close", help="sign what the ledger holds now, after verifying it")
    close.add_argument("ledger", metavar="LEDGER", help=PLACE)
    close.add_argument("--key", type=Path, metavar="FILE", help="key to sign with, made if missing (beside a file)")
    close.add_argument("--seal", type=Path, metavar="FILE", help="where the seal goes (LEDGER.seal)")
    close.set_defaults(run=_close)
    add_export(actions)
    add_report(actions)
    add_review(actions)
    add_claims(actions)


def _verify(args: argparse.Namespace) -> int:
    from fusion.ledger.keys import public_key
    from fusion.ledger.verify import verify

    key = public_key(args.public_key) if args.public_key else None
    report = verify(args.ledger, key=key, seal=args.seal, is_open=args.open)
    if args.json:
        print(json.dumps(_fields(report), indent=1))
    else:
        _print(report, trusted=key is not None)
    return 1 if report.findings else 0


def _close(args: argparse.Namespace) -> int:
    from fusion.ledger.book import is_url, open_existing
    from fusion.ledger.closing import KEY, close_book
    from fusion.ledger.sitting import alone_with
    from fusion.ledger.verify import verify

    if is_url(args.ledger) and args.key is None:
        print("aisle ledger close: --key: expected a file to sign with, received none", file=sys.stderr)
        return 2
    with alone_with(args.ledger, args.seal):
        report = verify(args.ledger, seal=args.seal, is_open=True)
        if report.findings:  # a signature would make good what somebody else has done
            _print(report, trusted=False)
            return 1
        with open_existing(args.ledger) as book:
            key = args.key or Path(args.ledger).with_name(KEY)
            seal = close_book(book, book.head(), key=key, seal=args.seal)
    print(f"{report.place}: closed at {seal.head.records} records, digest {seal.head.digest}")
    print(f"signed with {key}, public key {seal.public_key.hex()}")
    return 0


def _print(report: "Report", *, trusted: bool) -> None:
    for finding in report.findings[:SHOWN_MAX]:
        print(f"{report.place}: {finding}")
    if len(report.findings) > SHOWN_MAX:
        print(f"and {len(report.findings) - SHOWN_MAX} more")
    keys = ", ".join(key.hex()[:16] for key in report.keys) or "nobody"
    by = f"{keys}" if trusted or not report.keys else f"{keys} (any key: give --public-key to trust one)"
    count = len(report.findings)
    verdict = "nothing wrong" if not count else f"{count} finding{'s' if count > 1 else ''}"
    print(f"{report.place}: {report.records} records, {report.signed} signed by {by}: {verdict}")


def _fields(report: "Report") -> dict[str, Any]:
    return {
        "ledger": report.place,
        "records": report.records,
        "signed": report.signed,
        "digest": report.digest,
        "public_keys": [key.hex() for key in report.keys],
        "findings": [
            {"place": found.place, "expected": found.expected, "received": found.received} for found in report.findings
        ],
    }
