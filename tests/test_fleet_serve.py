"""Many stores live on Ray: killed processes and a lost machine cost nothing and charge nothing twice."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from gateway_thread import kept
from ray_machines import ENVIRONMENT, machines
from test_docs import free_port
from test_recovery import outputs_of

from bench.golden import STORE, tape_of
from fusion.cli import main
from fusion.fleet.chain.asking import heads
from fusion.fleet.chain.tables import open_chain
from fusion.fleet.machines import FleetError
from fusion.fleet.stores import read_plan
from fusion.ledger.verify import verify
from fusion.recording import read_recording
from scenarios.children import AISLE, Child, Lines, next_line, running

TAPES = {"kiosk-1": "cart", "kiosk-2": "exchange"}
WAIT_S = 180.0


def fleet_of(folder: Path, **shared: str) -> tuple[Path, dict[str, str]]:
    """Write STORES.toml and its stores; return it with the address of each."""
    said = [f'{key} = "{value}"' for key, value in shared.items()]
    addresses = {}
    for name in TAPES:
        shutil.copytree(STORE, folder / name)
        config = folder / name / "store.toml"
        config.write_text(config.read_text().replace('store_id = "kiosk-01"', f'store_id = "{name}"'))
        addresses[name] = f"tcp://127.0.0.1:{free_port()}"
        said += ["[[store]]", f'store = "{name}"', f'out = "out/{name}"', f'listen = "{addresses[name]}"']
        said += ["snapshot-every = 0.5", 'looks = "keep"']
    (folder / "STORES.toml").write_text("\n".join(said) + "\n")
    return folder / "STORES.toml", addresses


class Heard:
    """What the driver prints, read while somebody waits for it."""

    def __init__(self, driver: Child, lines: Lines) -> None:
        self._driver, self._lines, self.said = driver, lines, list[str]()

    def wait(self, ready: Callable[[], object]) -> None:
        """Wait until something is so, while the driver lives."""
        end_s = time.monotonic() + WAIT_S
        while not ready():
            line = next_line(self._lines, wait_s=0.05)
            self.said += [line] if line else []
            assert self._driver.poll() is None and time.monotonic() < end_s, "\n".join(self.said)

    def of(self, store: str, text: str) -> list[str]:
        """Return the lines of a store that hold a text."""
        return [line for line in self.said if line.startswith(f"{store}: ") and text in line]


def publish(name: str, address: str, spool: Path) -> "subprocess.Popen[bytes]":
    words = ("publish", str(tape_of(TAPES[name])), "--to", address, "--rate", "8", "--patience", "120")
    return subprocess.Popen([*AISLE, *words, "--spool", str(spool)])


def test_a_killed_process_and_a_lost_machine_lose_nothing_and_charge_nothing_twice(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    plan, addresses = fleet_of(tmp_path, chain=database)
    port = int(addresses["kiosk-2"].rpartition(":")[2])
    with machines() as room, socket.create_server(("127.0.0.1", port)) as in_the_way:
        room.tell("add")
        with running("fleet", "serve", str(plan), "--address", room.address) as (driver, lines):
            heard = Heard(driver, lines)
            heard.wait(lambda: heard.of("kiosk-2", "Address already in use") and heard.of("kiosk-1", "listening on"))
            in_the_way.close()  # what failed is tried again
            heard.wait(lambda: all(heard.of(name, "listening on") for name in TAPES))
            sensors = {name: publish(name, addresses[name], tmp_path / f"spool-{name}") for name in TAPES}
            room.tell("add")
            heard.wait(lambda: all(list((tmp_path / "out" / name / "snapshots").glob("*.snap")) for name in TAPES))
            (line,) = heard.of("kiosk-1", "live, process")
            os.kill(int(line.split("process ")[1].split()[0]), signal.SIGKILL)
            heard.wait(lambda: len(heard.of("kiosk-1", "listening on")) == 2)
            room.tell("lose 0")  # where at least kiosk-2 is
            heard.wait(lambda: len(heard.of("kiosk-2", "listening on")) == 2)
            for name in TAPES:
                assert sensors[name].wait(timeout=WAIT_S) == 0
            driver.send_signal(signal.SIGTERM)
            assert driver.wait(timeout=WAIT_S) == 0
    with closing(open_chain(database)) as chain:
        handed_in = {row["store"]: (row["records"], row["signed"], row["state"]) for row in heads(chain, 1e6)}
    for name in TAPES:
        live, again = tmp_path / "out" / name, tmp_path / "again" / name
        assert json.loads((live / "lease.json").read_text())["epoch"] >= 2
        sent = [(frame.topic, frame.payload) for frame in read_recording(tape_of(TAPES[name]))]
        taken = [(frame.topic, frame.payload) for frame in kept(live / "journal")]
        assert sorted(taken) == sorted(sent)
        words = ("replay", str(live / "recording.mcap"), "--store", str(tmp_path / name), "--out", str(again))
        assert main(list(words)) == 0
        assert outputs_of(live) == outputs_of(again)
        assert handed_in[name] == (verify(live / "ledger.db").records, True, "verified")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("listen = ", "listens = "), r"store 1: expected .*listen.*, received 'listens'"),
        (("[[store]]", "[[shop]]"), r"expected lease, chain, cpus or \[\[store\]\], received 'shop'"),
        (("[[store]]\n", "[[store]]\nlisten = 5\n"), r"expected TOML, received"),
        (
            ("snapshot-every = 0.5", 'snapshot-every = "often"'),
            r"store 1: snapshot-every: invalid float value: 'often'",
        ),
        (("[[store]]", 'lease = "a/file"\n[[store]]'), r"lease: expected a postgresql:// URL, received 'a/file'"),
        (("[[store]]", "cpus = 0\n[[store]]"), r"cpus: expected a number above 0"),
        (("out/kiosk-2", "out/kiosk-1"), r"store 2: expected another out than store 1"),
        (('store = "kiosk-2"', 'store = "kiosk-1"'), r"store 2: expected another store_id than store 1"),
        (('out = "out/kiosk-2"\n', ""), r"store 2: expected store, out, listen, received no out"),
        (('looks = "keep"', "looks = true"), r"store 1: looks: expected a text or a number, received True"),
    ],
)
def test_what_is_wrong_with_a_fleet_is_said_in_one_line(change: tuple[str, str], expected: str, tmp_path: Path) -> None:
    path, _ = fleet_of(tmp_path)
    before = path.read_text()
    path.write_text(before.replace(*change, 1))
    assert path.read_text() != before
    with pytest.raises(FleetError, match=expected) as refused:
        read_plan(path)
    assert len(str(refused.value).splitlines()) == 1 and str(path) in str(refused.value)


def test_a_port_that_would_change_when_the_store_moves_is_refused(tmp_path: Path) -> None:
    path, addresses = fleet_of(tmp_path)
    path.write_text(path.read_text().replace(addresses["kiosk-1"], "tcp://127.0.0.1:*"))
    with pytest.raises(FleetError, match="listen: expected a port that stays"):
        read_plan(path)


def test_paths_are_from_the_file_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = fleet_of(tmp_path, chain="postgresql://db/chain")
    monkeypatch.chdir("/")
    plan = read_plan(path)
    assert [one.args.out for one in plan.stores] == [tmp_path / "out" / name for name in TAPES]
    assert (plan.lease, plan.chain) == (None, "postgresql://db/chain")
