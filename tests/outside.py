"""Bookkeeping programs of others, as programs: beancount's checker and hledger."""

import csv
import io
import os
import re
import shutil
import subprocess
from pathlib import Path

BEANCOUNT = Path(__file__).parents[1] / ".tools" / "beancount" / "bin"
JOURNALS = {"beancount": "beancount", "hledger": "journal"}  # ends of file names
QUERY = """
import sys
from beancount import loader
from beancount.core import data, realization
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
for account in realization.iter_children(realization.realize(entries)):
    for position in account.balance:
        print(account.account, position.units.number, position.units.currency, sep="\\t")
"""


def program(name: str) -> str:
    """Return the path of a program; a test that needs one that is missing fails."""
    found = shutil.which(name, path=f"{BEANCOUNT}:{os.environ['PATH']}")
    assert found, f"expected {name} in {BEANCOUNT} or on the PATH, received none: `make books` installs it"
    return found


def refused(form: str, file: Path) -> str:
    """Return what a program says against a file; nothing where it takes it."""
    strict = [program("hledger"), "-f", str(file), "check", "--strict"]
    command = strict if form == "hledger" else [program("bean-check"), "--no-cache", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    assert bool(done.returncode) == bool(done.stderr.strip()), done
    return done.stderr


def balances(form: str, file: Path) -> dict[tuple[str, str], str]:
    """Return what a program says that each account holds of each commodity, without what is empty."""
    if form == "beancount":
        told = _run([str(BEANCOUNT / "python"), "-c", QUERY, str(file)])
        rows = (line.split("\t") for line in told.splitlines())
        return {(account, commodity): number for account, number, commodity in rows if float(number)}
    told = _run([program("hledger"), "-f", str(file), "balance", "--flat", "-N", "-O", "csv", "--layout=tidy"])
    rows = list(csv.DictReader(io.StringIO(told)))
    return {(row["account"], row["commodity"]): row["value"] for row in rows if float(row["value"])}


def cheated(text: str, amount: str) -> str:
    """Return an export with one cent more at the first of these amounts."""
    changed = amount[:-1] + ("1" if amount.endswith("0") else str(int(amount[-1]) - 1))
    return re.sub(rf"(?<=  ){re.escape(amount)}(?= )", changed, text, count=1)


def _run(command: list[str]) -> str:
    env = os.environ | {"LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
