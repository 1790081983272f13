"""Where purchases go, as commands are told; imports nothing that takes time."""

import argparse


def add_purchases_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--purchases`."""
    parser.add_argument(
        "--purchases",
        type=_place,
        metavar="PLACE",
        help="whom to ask for the money: https://HOST/PATH, or a file of JSON lines (OUT/purchases.jsonl)",
    )


def _place(text: str) -> str:
    if not text.strip() or ("://" in text and not text.lower().startswith(("http://", "https://"))):
        raise argparse.ArgumentTypeError("expected https://HOST[:PORT][/PATH] or a file, received something else")
    return text
