"""What `aisle --help` says: the commands by the job they do, each with its own line of help, and a first run."""

import argparse
import shutil
import textwrap
from collections.abc import Mapping
from typing import Final

JOBS: Final[dict[str, tuple[str, ...]]] = {
    "run a store": ("serve", "replay", "keys", "weigh", "fleet"),
    "see what happened and why": ("web", "report", "explain", "compare", "export"),
    "money": ("ledger", "purchase"),
    "stores and recordings": ("check", "info", "import", "journal", "publish"),
    "try it without a store": ("demo", "scenarios", "simulate", "sensors", "disturb", "sweep"),
    "on the command line": ("completion",),
}
OTHERS: Final = "more"  # whatever a package adds that has no place above
EXAMPLES: Final = """\
a first run:
  aisle simulate single --seed 3 --out shop                      a store, a recording, the truth
  aisle replay shop/recording.mcap --store shop/store --out out  receipts, events, ledger
  aisle report out --store shop/store                            a page to open: out/report.html
"""
ENDING: Final = (
    "`aisle COMMAND --help` tells more, with examples. Exit status: 0 done, 2 bad arguments or unreadable input."
)
WIDTH_MAX: Final = 100


def overview(description: str, helps: Mapping[str, str]) -> str:
    """Return the help of all commands; `helps` is a line for each by its name."""
    width = min(WIDTH_MAX, shutil.get_terminal_size((WIDTH_MAX, 24)).columns)
    placed = {name for names in JOBS.values() for name in names}
    jobs = JOBS | {OTHERS: tuple(name for name in helps if name not in placed)}
    column = max(map(len, helps), default=0) + 4
    parts = ["usage: aisle [--help] [--version] COMMAND ...", textwrap.fill(description, width)]
    for job, names in jobs.items():
        there = [name for name in names if name in helps]
        if there:
            parts.append("\n".join([f"{job}:", *(_row(name, helps[name], column, width) for name in there)]))
    return "\n\n".join([*parts, EXAMPLES.rstrip(), textwrap.fill(ENDING, width)]) + "\n"


def helps_of(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> dict[str, str]:
    """Return each command's own line of help, in the order they were added."""
    return {action.dest: action.help or "" for action in subparsers._choices_actions}


def _row(name: str, text: str, column: int, width: int) -> str:
    begin = f"  {name}".ljust(column)
    return textwrap.fill(text, width, initial_indent=begin, subsequent_indent=" " * column)
