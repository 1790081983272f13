"""`--web` and `--web-tokens`, as commands are told; imports nothing that takes time."""

import argparse
import re
from pathlib import Path

ADDRESS = re.compile(r"(?:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEFAULT = ("127.0.0.1", 8080)


def add_web_flags(parser: argparse.ArgumentParser, default: tuple[str, int] | None = None) -> None:
    """Add the flags that say where the page is served, and to whom."""
    where = "HOST:PORT, loopback only without --web-tokens" + ("" if default is None else " (127.0.0.1:8080)")
    parser.add_argument(
        "--web", type=address, default=default, metavar="ADDRESS", help=f"serve the operator's page at {where}"
    )
    parser.add_argument(
        "--web-tokens",
        type=Path,
        metavar="FILE",
        help="who may see it and decide (`aisle web token new`); else per run",
    )


def address(text: str) -> tuple[str, int]:
    """Read PORT, which is on 127.0.0.1, or HOST:PORT."""
    found = ADDRESS.fullmatch(text)
    if not found or int(found[2]) > 65535:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT or PORT, such as 127.0.0.1:8080, received {text[:80]!r}")
    return (found[1] or DEFAULT[0]).strip("[]"), int(found[2])


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host."""
    return host in LOOPBACK
