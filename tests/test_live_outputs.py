"""What the service says to who comes late, and what it hears from plain publishers, over real sockets and processes."""

import json
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import zmq
from gateway_thread import ANY_PORT, kept
from test_live import CASE, needs_case, serving, stop
from tiny import Action, frames, tape, tiny_store

from fusion.live.announce import Announcer
from fusion.live.following import Following
from fusion.live.outputs import LastValues
from fusion.live.publishing import Publisher
from fusion.live.subscribing import number_of
from fusion.messages import Frame
from fusion.recording import read_recording
from fusion.session import Session
from scenarios.children import AISLE, next_line


@dataclass
class Kept:
    """An outlet whose last values can be looked at."""

    values: LastValues = field(default_factory=LastValues)

    def publish(self, topic: str, key: str, text: str) -> None:
        """Say one output."""
        self.values.put(topic, key, text)

    def keep(self, topic: str, key: str, text: str) -> None:
        """Keep one output."""
        self.values.keep(topic, key, text)

    def drop(self, topic: str, key: str) -> None:
        """Forget one output."""
        self.values.drop(topic, key)

    def last(self, topic: str) -> dict[str, str]:
        """Return the last text of each key."""
        return dict(self.values.kept.get(topic, {}))


def heard(follower: Following, wait_s: float, publisher: Publisher | None = None) -> list[tuple[str, str]]:
    """Return what a follower hears, answering for the publisher meanwhile."""
    out, end_s = [], time.monotonic() + wait_s
    while time.monotonic() < end_s:
        if publisher is not None:
            publisher.answer()
        out += list(follower.hear(0.02))
    return out


def test_a_late_follower_has_last_values_then_updates_and_a_new_snapshot_after_a_loss() -> None:
    with zmq.Context() as context:
        publisher = Publisher(context, ANY_PORT, ANY_PORT, None)
        for number in range(20):
            publisher.publish("receipt/s", f"trip-{number % 7}", str(number))
        with Following(publisher.publishing, publisher.requesting, "receipt/") as follower:
            first = heard(follower, 1.0, publisher)
            assert first == [("receipt/s", str(number)) for number in range(13, 20)]
            publisher.publish("receipt/s", "trip-9", "20")
            publisher.publish("event/s", "ev-1", "not asked for")
            assert heard(follower, 0.3, publisher) == [("receipt/s", "20")]
            publisher.tell_counts("s")
            assert heard(follower, 0.3, publisher) == []
            publisher.values.put("receipt/s", "trip-9", "21")  # as if the PUB had dropped it
            publisher.tell_counts("s")
            again = heard(follower, 1.0, publisher)
            assert again[-1] == ("receipt/s", "21") and follower.times_synced == 2
        publisher.close()


def test_requests_that_are_none_are_passed_by() -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
        publisher = Publisher(context, "", ANY_PORT, None)
        rogue.connect(publisher.requesting)
        for parts in ([b"x"], [b"", b""], [b"n" * 100, b""], [b"\xff", b""], [b"a"] * 9, [b"nonce", b"\xff"]):
            rogue.send_multipart(parts)
        while not rogue.poll(20):
            publisher.answer()
        assert rogue.recv_multipart() == [b"nonce", b"{}"]
        rogue.close(linger=0)
        publisher.close()


@needs_case
def test_who_follows_a_store_from_any_moment_on_knows_what_its_files_hold(tmp_path: Path) -> None:
    ports = ("--publish", ANY_PORT, "--snapshots", ANY_PORT)
    with serving(tmp_path / "live", *ports) as (serve, said, address):
        publish = next_line(said, wait_s=10.0).split("publishing on ")[1]
        snapshots = next_line(said, wait_s=10.0).split("snapshots on ")[1]
        words = ("publish", str(CASE / "recording.mcap"), "--to", address, "--rate", "max")
        assert subprocess.run([*AISLE, *words], check=False).returncode == 0
        values = LastValues()
        with Following(publish, snapshots) as follower:
            while not (follower.times_synced and values.kept.get("lag/nano-00")):
                keep(values, list(follower.hear(0.1)))
            stop(serve)
            keep(values, list(follower.hear(0.5)))
    for topic, name in (("provisional/", "provisional"), ("event/", "events"), ("receipt/", "receipts")):
        lines = (tmp_path / "live" / f"{name}.jsonl").read_text().splitlines()
        assert sorted(text for _, text in values.snapshot(topic)) == sorted(lines), topic
        assert lines


def keep(values: LastValues, pairs: list[tuple[str, str]]) -> None:
    """Keep what was heard; nothing may come twice."""
    for topic, text in pairs:
        assert topic.startswith(("lag/", "cart/", "mode/")) or text not in values.kept.get(
            topic, {}
        )  # a state may come back
        values.put(topic, text, text)


def without_camera_after(t_s: float) -> list[Frame]:
    """Return a visit whose camera falls silent."""
    visit = tape([Action(0, 1, -1), Action(0, 2, -1)], shoppers=1)
    return frames([one for one in visit if one.src != "cam" or one.t_ns < visit[0].t_ns + t_s * 1e9])


def test_who_joins_after_a_restart_hears_of_mode_and_health_that_were_told_before_it(tmp_path: Path) -> None:
    before, after = Kept(), Kept()
    session, tell = Session(tiny_store(), tmp_path), Announcer("tiny", "USD", before)
    tell.begin_with({}, tmp_path, session.state.watch)
    assert json.loads(before.last("mode/tiny")["store"])["mode"] == "open"
    for frame in without_camera_after(5.0):
        for outputs in session.feed(frame):
            tell(outputs)
    watch = replace(session.state.watch, suspects={"P1": "may weigh wrong"})
    Announcer("tiny", "USD", after).begin_with({}, tmp_path, watch)
    assert json.loads(after.last("mode/tiny")["store"])["mode"] == "closed"
    assert after.last("mode/tiny") == before.last("mode/tiny")
    assert json.loads(after.last("health/tiny")["cam"])["state"] == "down"
    assert json.loads(after.last("health/tiny")["P1"])["text"] == "may weigh wrong"
    assert after.last("health/tiny").keys() == {*before.last("health/tiny"), "P1"}
    session.close()


def test_a_cart_is_told_to_who_comes_later_until_its_receipt_is(tmp_path: Path) -> None:
    out, session = Kept(), Session(tiny_store(), tmp_path)
    tell, carts = Announcer("tiny", "USD", out), set()
    tell.begin_with({}, tmp_path, session.state.watch)
    for frame in frames(tape([Action(0, 1, -1), Action(0, 2, -1)], shoppers=1)):
        for outputs in session.feed(frame):
            tell(outputs)
            carts |= set(out.last("cart/tiny").values())
    assert json.dumps({"account": "ann", "lines": {"b": 1, "c": 1}}) in carts
    assert len(out.last("receipt/tiny")) == 1 and out.last("cart/tiny") == {}
    session.close()


def test_a_store_whose_sensors_are_all_silent_is_closed_until_one_speaks(tmp_path: Path) -> None:
    out, session = Kept(), Session(tiny_store(), tmp_path)
    tell = Announcer("tiny", "USD", out)
    tell.begin_with({}, tmp_path, session.state.watch)
    modes = []
    for is_silent in (False, True, True, False, False):
        tell.say_silence(10.0, is_silent=is_silent)
        modes.append(json.loads(out.last("mode/tiny")["store"])["mode"])
    assert modes == ["open", "closed", "closed", "open", "open"] and out.values.counts == {"mode/tiny": 2}
    tell.say_silence(10.0, is_silent=True)
    for frame in without_camera_after(5.0):
        for outputs in session.feed(frame):
            tell(outputs)
    tell.say_silence(10.0, is_silent=False)
    assert json.loads(out.last("mode/tiny")["store"])["reasons"] == list(session.state.watch.mode.reasons)
    session.close()


@needs_case
def test_a_plain_publisher_is_subscribed_to(tmp_path: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as free, context.socket(zmq.PUB) as other:
        ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in (free, other)]
    place = f"tcp://127.0.0.1:{ports[0]}+{ports[1]}"
    with serving(tmp_path / "live", "--subscribe", place) as (serve, _, _):
        words = ("publish", str(CASE / "recording.mcap"), "--broadcast", place, "--rate", "max")
        assert subprocess.run([*AISLE, *words], check=False).returncode == 0
        stop(serve)
    taken = Counter(number_of(one.topic, one.payload) for one in kept(tmp_path / "live" / "journal"))
    sent = Counter(number_of(one.topic, one.payload) for one in read_recording(CASE / "recording.mcap"))
    assert len(taken) > len(sent) // 2 and taken <= sent  # none twice, though it was asked for again
    lossy = json.loads((tmp_path / "live" / "service.json").read_text())["lossy"]
    assert list(lossy) == [place]
