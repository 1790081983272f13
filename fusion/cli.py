"""The command `aisle`: finds its subcommands, runs one, and turns bad input into one line and exit status 2.

A subcommand is a function `add(subparsers)` that adds a parser whose default `run(args) -> int` does the
work. Only the parser that was asked for is imported, so that the command starts quickly.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import Any, NoReturn, TypeAlias

from fusion.collector import collect_seldom

GROUP = "aisle.commands"  # entry points: sensors and scenarios add theirs, fusion imports neither
BUILT_IN: dict[str, str] = {
    "replay": "fusion.replay:add_replay",
    "serve": "fusion.live.serve:add_serve",
    "export": "fusion.commands_export:add_export",
    "keys": "fusion.live.commands_keys:add_keys",
    "journal": "fusion.commands_journal:add_journal",
    "check": "fusion.commands_check:add_check",
    "info": "fusion.commands_info:add_info",
    "explain": "fusion.explain:add_explain",
    "report": "fusion.report.commands:add_report",
    "compare": "fusion.compare.commands:add_compare",
    "web": "fusion.web.commands:add_web",
    "purchase": "fusion.purchase.commands:add_purchase",
    "ledger": "fusion.ledger.commands:add_ledger",
    "fleet": "fusion.fleet.commands:add_fleet",
    "completion": "fusion.completion:add_completion",
}
DONE, REFUSED, INTERRUPTED = 0, 2, 130
DESCRIPTION = "Work out from a store's sensors who took what, who put what back, and what each shopper pays."

Adder: TypeAlias = Callable[[Any], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status."""
    collect_seldom()
    # Before numpy is imported: the engine's matrices are small, and threads of BLAS would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = parser_of(words).parse_args(words)
        status: int = args.run(args)
        return status
    except SystemExit as leaving:  # argparse leaves this way after --help and after a refusal
        return leaving.code if isinstance(leaving.code, int) else REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; closing stderr keeps Python from complaining at exit.
        sys.stderr.close()
        return DONE
    except Exception as error:
        text = explained(error)
        if text is None:
            raise
        print(f"aisle: {text}", file=sys.stderr)
        return REFUSED


def parser_of(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the subcommand that words begin with, of all of them where there is none."""
    parser = _one_line_parser(
        prog="aisle",
        description=DESCRIPTION,
    )
    parser.add_argument("--version", action="version", version=f"aisle {version('aisle')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    # A function in place of a class: argparse only ever calls it.
    subparsers._parser_class = _one_line_parser  # type: ignore[assignment]
    places = _places()
    if words and not words[0].startswith("-") and words[0] not in places:
        from difflib import get_close_matches

        near = " or ".join(f"`{name}`" for name in get_close_matches(words[0], places, n=2))
        _refuse("aisle", f"expected {near or 'a command'}, received {words[0]!r}")
    wanted = [word for word in words[:1] if word in places] or list(places)
    for name in wanted:
        add = _adder(name, places[name])
        if add is not None:
            add(subparsers)
    parser.format_help = partial(_overview, subparsers)  # type: ignore[method-assign]
    return parser


def _overview(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> str:
    from fusion.overview import helps_of, overview

    return overview(DESCRIPTION, helps_of(subparsers))


def _one_line_parser(**settings: Any) -> argparse.ArgumentParser:
    """Return a parser that refuses bad arguments in one line instead of a page of usage."""
    parser = argparse.ArgumentParser(allow_abbrev=False, **settings)
    parser.error = partial(_refuse, parser.prog)  # type: ignore[method-assign]
    return parser


def _refuse(prog: str, message: str) -> NoReturn:
    print(f"{prog}: {message} (see {prog} --help)", file=sys.stderr)
    raise SystemExit(REFUSED)


def _places() -> dict[str, str]:
    """Return "module:function" by the name of each subcommand."""
    added = {point.name: point.value for point in entry_points(group=GROUP)}
    return BUILT_IN | dict(sorted(added.items()))


def _adder(name: str, place: str) -> Adder | None:
    module, _, function = place.partition(":")
    try:
        add: Adder = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        print(f"aisle: command {name} is left out: {error}", file=sys.stderr)
        return None
    return add


def explained(error: Exception) -> str | None:
    """Return one line for an error of the user's input, None for a fault of ours."""
    from fusion.desk.deciding import DeskError
    from fusion.fleet.machines import FleetError
    from fusion.journal.segment import JournalError
    from fusion.ledger.database import BookError
    from fusion.live.keys import BadKey
    from fusion.outfolder import FolderError
    from fusion.purchase.outbox_file import OutboxError
    from fusion.purchase.port import PortError
    from fusion.recording import RecordingError
    from fusion.store import StoreError
    from fusion.web.settings import WebError
    from fusion.web.tokens import TokenError

    if isinstance(error, StoreError):
        more = len(error.problems) - 1
        return f"{error}" + (f" (and {more} more; `aisle check` lists them)" if more else "")
    if isinstance(error, FileExistsError):
        return f"{error.filename}: expected a folder, or a place for one, received a file"
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: expected a file that can be used, received {error.strerror}"
    of_input = (
        BadKey,
        BookError,
        DeskError,
        FleetError,
        FolderError,
        JournalError,
        OutboxError,
        PortError,
        RecordingError,
        TokenError,
        WebError,
    )
    return str(error) if isinstance(error, of_input) else None
