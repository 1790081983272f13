"""A throw-away PostgreSQL server: for the tests and for `python -m bench.ledger`.

The server is Debian's (`make server` installs the package where it is missing), its data lie in a folder of their own
under the system's temporary one, and it listens on a socket in that folder only. PostgreSQL refuses to run as root:
then it runs as the user that the package made.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

DEBIAN: Final = Path("/usr/lib/postgresql")
USER: Final = "aisle"
UNPRIVILEGED: Final = ("postgres", "nobody")
WAIT_S: Final = 60


class ClusterError(Exception):
    """A server that cannot be found or started; one line says what is missing."""


def find_binaries() -> Path:
    """Return the folder of initdb and pg_ctl: the newest of Debian's packages, or what is on the PATH."""
    packaged = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = packaged[-1] if packaged else shutil.which("initdb")
    if found is None:
        raise ClusterError(
            f"expected PostgreSQL's initdb in {DEBIAN}/*/bin or on the PATH, received none: `make server` installs it"
        )
    return Path(found).resolve().parent


@contextmanager
def cluster(*, durable: bool) -> Iterator[str]:
    """Start an empty server and give its URL; it is stopped and removed at the end.

    `durable` False leaves out the waits for the disk: quicker, and nothing but a power cut can tell.
    """
    binaries = find_binaries()
    home = Path(tempfile.mkdtemp(prefix="aisle-pg-"))
    user = _owner()
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
    home.chmod(0o711)  # whoever we are reaches the socket, nobody lists the folder
    data = home / "data"
    try:
        _run(
            [binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], user
        )
        settings = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync={'on' if durable else 'off'}"
        control = [binaries / "pg_ctl", "-D", data, "-w", "-t", str(WAIT_S)]
        _run([*control, "-l", home / "log", "-o", settings, "start"], user)
        try:
            yield f"postgresql://{USER}@/postgres?host={home}"
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    """Return whom the server must run as, None for ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in UNPRIVILEGED if name in names)


def _run(command: list[str | Path], user: pwd.struct_passwd | None) -> None:
    as_whom = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # The server keeps the output it inherits: a file, not a pipe that we would wait for.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdout=said,
            stderr=said,
            check=False,
            **as_whom,
        )
        said.seek(0)
        if done.returncode:
            raise ClusterError(
                f"{command[0]}: expected exit status 0, received {done.returncode}: {said.read().decode()}"
            )
