"""The peers' environments: made on the first run, in a cache folder, with pinned versions.

Norfair and motpy need filterpy 1.4, which needs numpy 1; so they live apart from the others, and all of them apart from
the project's own environment.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

from rich.console import Console

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "today": (
        "stonesoup==1.9.1",
        "trackpy==0.7",
        "similari-trackers-rs==0.26.12",
        "trackeval==1.3.0",
        "numpy>=2",
    ),
    "numpy1": ("norfair==2.3.0", "motpy==0.0.10", "filterpy==1.4.5", "numpy<2", "setuptools<81"),
}
HOME = {
    "aisle": "",
    "filterpy": "",
    "stonesoup": "today",
    "trackpy": "today",
    "similari": "today",
    "trackeval": "today",
    "norfair": "numpy1",
    "motpy": "numpy1",
}


class PeerError(Exception):
    """A peer that cannot be installed or run; the text says which and how it ended."""


def cache() -> Path:
    """Return the folder that holds the environments."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "aisle-bench-trackers"


def python_of(tracker: str, console: Console) -> Path:
    """Return the interpreter that has a tracker; make its environment if it is not there yet.

    Raises PeerError if the installation fails.
    """
    name = HOME[tracker]
    if not name:
        return Path(sys.executable)
    wanted = "\n".join(ENVIRONMENTS[name])
    folder = cache() / name
    python, stamp = folder / "bin" / "python", folder / "ready"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    console.print(f"installing the peers' environment {folder} (once)")
    venv.create(folder, clear=True, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *ENVIRONMENTS[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"{folder}: expected pip to install {', '.join(ENVIRONMENTS[name])}, received\n{done.stderr}")
    stamp.write_text(wanted)
    return python
