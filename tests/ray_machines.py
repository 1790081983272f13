"""Machines of a Ray cluster on this one, in a process of their own: told by lines, `add` and `lose N`, what happens.

Prints the cluster's address, then a word a line when it is done. The first machine has no room for work: it stays.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OBJECTS_BYTES = 80 << 20
# Loopback alone, as fusion/fleet/machines.py has it; a token, for whoever speaks to them.
ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "4",
}


class Machines:
    """The process that has them; an instance speaks to it."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child, self.pid = child, child.pid
        self.address = self._answer()

    def tell(self, words: str) -> None:
        """Have something happen to the machines, and wait until it has."""
        assert self._child.stdin is not None
        self._child.stdin.write(words + "\n")
        self._child.stdin.flush()
        assert self._answer() == "done"

    def _answer(self) -> str:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "machines:":
                return rest
        raise AssertionError("the machines are gone")


@contextmanager
def machines() -> Iterator[Machines]:
    """Give a cluster that has nobody to work yet."""
    child = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
        cwd=Path(__file__).parents[1],
    )
    try:
        yield Machines(child)
    finally:
        child.communicate(timeout=60)


def main() -> None:
    """Do as we are told until the input ends."""
    from ray.cluster_utils import Cluster

    settings = {"include_dashboard": False, "object_store_memory": OBJECTS_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **settings})
    added = []
    print(f"machines: {cluster.address}", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["add"]:
                added.append(cluster.add_node(num_cpus=1, object_store_memory=OBJECTS_BYTES))
            case ["lose", number]:
                cluster.remove_node(added[int(number)], allow_graceful=False)
        print("machines: done", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
