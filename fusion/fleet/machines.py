"""Ray: a small one of our own on this machine, or a cluster that is there; the only module that starts or joins one.

A local Ray binds loopback alone, has no dashboard and reports nothing to anybody; whoever speaks to it needs a token
that is drawn for this run, because what it takes are pickles, and those are code.
"""

import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from typing import Any, Final, TypeVar

Item = TypeVar("Item")

OBJECTS_BYTES: Final = 100 << 20  # shared memory for what tasks return: a few hundred bytes each
# Before Ray is imported, and for all processes it starts. On Linux too it binds loopback when told it has no cluster.
ALWAYS: Final = {"RAY_USAGE_STATS_ENABLED": "0"}
LOOPBACK: Final = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
MODE: Final = "RAY_AUTH_MODE"
TOKEN: Final = "RAY_AUTH_TOKEN"
REACH_S: Final = 5.0  # that a cluster may take to take a connection
SAID_MAX: Final = 200  # of Ray's own words
RETRIES: Final = 5  # of what a worker was at when it died
HANDED_OUT_A_CORE: Final = 4  # calls, so that a worker has its next when it ends one
HANDED_OUT_MIN: Final = 16
LOCALLY: Final = "local"


class FleetError(Exception):
    """A fleet that cannot be as the command line or a file says; one line that names the place."""


@contextmanager
def machines(address: str | None, workers: int | None) -> Iterator[Any]:
    """Give Ray, running: a cluster by its address, or one of our own with so many workers (a worker a core).

    Raises FleetError where Ray is not installed or the cluster cannot be reached.
    """
    if find_spec("ray") is None:
        raise FleetError("fleet: expected Ray, received none: pip install 'aisle[fleet]'")
    os.environ.update(ALWAYS)
    if address is None:
        os.environ.update({**LOOPBACK, MODE: "token"})
        os.environ.setdefault(TOKEN, secrets.token_hex(32))
    else:
        _expect_somebody(address)
    import ray

    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True}
    home = tempfile.mkdtemp(prefix="aisle-ray-")  # nobody else reads its sockets and logs
    if address is None:
        settings |= {"num_cpus": workers, "include_dashboard": False, "object_store_memory": OBJECTS_BYTES}
        settings |= {"_temp_dir": home}
    try:
        ray.init(address=address or LOCALLY, **settings)
        yield ray
    except ConnectionError as error:
        said = " ".join(str(error).split())[:SAID_MAX]
        raise FleetError(f"--address {address or LOCALLY}: expected a Ray cluster, received: {said}") from None
    finally:
        ray.shutdown()
        shutil.rmtree(home, ignore_errors=True)


def spread(ray: Any, function: Callable[..., Any], items: Iterable[Item], *shared: Any) -> Iterator[tuple[Item, Any]]:
    """Call a function of a module with what is shared and each item, a core each; yield items as their results come.

    A result is a reference: `ray.get` gives it or raises RayError where its worker died again and again. Few calls
    are handed out at a time, so that thousands cost a driver no more than their number.
    """
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(function)
    handed_out = max(HANDED_OUT_MIN, int(HANDED_OUT_A_CORE * ray.cluster_resources().get("CPU", 1)))
    left, waiting = iter(items), dict[Any, Item]()
    while True:
        for item in islice(left, handed_out - len(waiting)):
            waiting[task.remote(*shared, item)] = item
        if not waiting:
            return
        ended, _ = ray.wait(list(waiting), num_returns=1)
        for reference in ended:
            yield waiting.pop(reference), reference


def _expect_somebody(address: str) -> None:
    """Refuse an address where nobody listens at once: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not (host and port.isascii() and port.isdecimal()):
        raise FleetError(f"--address {address}: expected HOST:PORT, received something else")
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
    except (OSError, OverflowError) as error:
        raise FleetError(f"--address {address}: expected a Ray cluster, received: {error}") from None
    if host in ("localhost", "127.0.0.1"):
        os.environ.update(LOOPBACK)  # else Ray would look for it on the machine's own address
