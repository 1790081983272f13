"""Keys: who is nobody stays outside, who is somebody speaks for what its key may, whatever its messages say."""

import socket as tcp
import stat
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import zmq
from corner_store import write
from gateway_thread import ANY_PORT, gateway_turning, kept
from hypothesis import given
from hypothesis import strategies as st
from test_live import frames, sent_by, serving, stop
from zmq.utils import z85

from bench.chaos.zmtp import send_bomb
from fusion.cli import main
from fusion.journal import Record, read_journal
from fusion.journal.segment import segments_of
from fusion.live.admission import Refusal, admit
from fusion.live.bus import BusError, check_open
from fusion.live.following import Following
from fusion.live.gateway_child import GatewayChild
from fusion.live.gateway_words import Settings
from fusion.live.header import Data, encode
from fusion.live.keys import (
    Allowed,
    Badge,
    BadKey,
    allow,
    new_pair,
    read_allowed,
    read_badge,
    read_public,
    revoke,
    wear,
)
from fusion.live.zap import Door, judge
from scenarios.children import next_line
from sensors import publish as sensor_end
from sensors.broadcast import Broadcaster
from sensors.publish import Sender, publish


def keys_of(folder: Path, **srcs: str) -> Path:
    """Make an engine's pair and a pair for each name, allowed for its source."""
    new_pair(folder, "engine")
    for name, src in srcs.items():
        allow(folder, Allowed(name, read_public(new_pair(folder, name)).decode(), (src,)))
    return folder


def badge_of(folder: Path, name: str) -> Badge:
    """Return what a sensor of that name shows."""
    return read_badge(folder / f"{name}.key_secret", folder / "engine.key")


@contextmanager
def client(context: "zmq.Context[zmq.Socket[bytes]]", address: str, badge: Badge | None):  # type: ignore[no-untyped-def]
    """Give a DEALER that shows a badge."""
    with context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        if badge is not None:
            wear(socket, badge)
        socket.connect(address)
        yield socket


# The list


def test_pairs_are_made_allowed_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = str(tmp_path)
    assert main(["keys", "new", keys, "engine"]) == 0
    assert main(["keys", "new", keys, "cam-1"]) == 0
    assert main(["keys", "allow", keys, "cam-1", f"{keys}/cam-1.key", "--src", "cam-1", "--src", "cam-2"]) == 0
    assert main(["keys", "allow", keys, "till", f"{keys}/engine.key", "--reads"]) == 0
    capsys.readouterr()
    assert main(["keys", "list", keys]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["cam-1", "till"]
    assert main(["keys", "revoke", keys, "cam-1"]) == 0
    assert [one.name for one in read_allowed(tmp_path).values()] == ["till"]
    for name in ("engine", "cam-1"):
        assert stat.S_IMODE((tmp_path / f"{name}.key_secret").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new", "K", "cam-1"], "expected no key of that name yet"),
        (["new", "K", "../cam"], "expected 1 to 64"),
        (["allow", "K", "cam-2", "K/cam-1.key", "--src", "cam-2"], "expected a key of its own for cam-2"),
        (["allow", "K", "cam-2", "K/none.key", "--src", "cam-2"], "none.key: expected a key file"),
        (["allow", "K", "cam-1", "K/cam-1.key"], "expected --src or --reads"),
        (["revoke", "K", "cam-9"], "expected cam-9 on it, received cam-1"),
    ],
)
def test_bad_keys_end_with_status_2_and_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys_of(tmp_path, **{"cam-1": "cam-1"})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["keys", *(word.replace("K", str(tmp_path), 1) if word[0] == "K" else word for word in words)]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_list_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "allowed.json").write_text('[{"name": 3}]')
    with pytest.raises(BadKey, match=r"allowed\.json: expected a list of allowed keys"):
        read_allowed(tmp_path)


@pytest.mark.parametrize("address", ["tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://10.1.2.3:*", "tcp://shop.example:80"])
def test_without_keys_only_this_machine_is_listened_to(address: str) -> None:
    with pytest.raises(BusError, match="expected --keys for an address that others can reach"):
        check_open(address, None)
    check_open(address, Path("keys"))
    check_open("tcp://127.0.0.1:*", None)


@given(st.binary(max_size=40), st.sampled_from([b"NULL", b"PLAIN", b"CURVE", b""]), st.binary(max_size=9))
def test_only_a_listed_key_with_the_right_opens_a_door(key: bytes, mechanism: bytes, domain: bytes) -> None:
    ours = bytes(range(32))
    allowed = {z85.encode(ours).decode(): Allowed("cam", z85.encode(ours).decode(), ("cam",))}
    assert (judge(domain, mechanism, key, allowed) is Door.OPENED) == (
        mechanism == b"CURVE" and key == ours and domain == b"senders"
    )
    assert judge(b"senders", b"CURVE", ours, allowed) is Door.OPENED
    assert judge(b"readers", b"CURVE", ours, allowed) is Door.RIGHTS


NAMES = st.sampled_from(["cam-1", "cam-2", "door"])


@given(NAMES, st.sampled_from(["people", "gate", "health"]), NAMES, st.none() | NAMES)
def test_who_speaks_is_asked_of_the_key_and_never_of_the_message(
    owner: str, kind: str, src: str, source: str | None
) -> None:
    topic = f"{kind}/{src}"
    first = topic.encode() if source is None else encode(Data(source, 1, 0, 0, topic))
    found = admit([first, b"x"], 0, Allowed(owner, "key", (owner,)))
    is_right = src == owner and source in (None, owner)
    assert isinstance(found, Record) == is_right and (is_right or found is Refusal.SOURCE)


# Over sockets


def test_only_allowed_keys_deliver_and_only_for_their_source(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "keys", **{"cam-1": "cam-1", "cam-2": "cam-2"})
    stranger = Badge(*zmq.curve_keypair(), read_public(keys / "engine.key"))
    misled = badge_of(keys, "cam-1")
    other_engine = Badge(misled.public, misled.secret, zmq.curve_keypair()[0])
    with gateway_turning(tmp_path / "journal", keys=keys) as gateway, zmq.Context() as context:
        address = gateway.inbox.endpoint
        with (
            client(context, address, None) as plain,
            client(context, address, stranger) as unknown,
            client(context, address, other_engine) as astray,
            client(context, address, badge_of(keys, "cam-2")) as liar,
            Sender(address, "cam-1", badge=badge_of(keys, "cam-1")) as sender,
        ):
            for socket in (plain, unknown, astray):
                socket.send_multipart([b"people/cam-1", b"bad"])
            liar.send_multipart([b"people/cam-1", b"bad"])
            liar.send_multipart([encode(Data("cam-1", 1, 0, 0, "people/cam-2")), b"bad"])
            liar.send_multipart([b"people/cam-2", b"its own"])
            sender.connect()
            for number in range(20):
                sender.send("people/cam-1", bytes([number]))
            sender.finish()
            time.sleep(0.3)
        said = dict(gateway.door.said)  # type: ignore[attr-defined]
    got = sent_by(kept(tmp_path / "journal"))
    assert sorted(got) == sorted([("people/cam-2", b"its own"), *(("people/cam-1", bytes([n])) for n in range(20))])
    assert gateway.counts.refused == {Refusal.SOURCE: 2}
    assert said[Door.UNKNOWN] >= 1 and said[Door.OPENED] == 2


def test_a_sensor_says_that_its_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensor_end, "PATIENCE_S", 0.5)
    keys = keys_of(tmp_path / "keys", **{"cam-1": "cam-1"})
    new_pair(tmp_path / "keys", "cam-9")
    with gateway_turning(tmp_path / "journal", keys=keys) as gateway:
        refused = Sender(gateway.inbox.endpoint, "cam-9", badge=badge_of(keys, "cam-9"))
        with refused, pytest.raises(BusError, match="refuses our key"):
            refused.connect()
        with Sender(gateway.inbox.endpoint, "cam-9", badge=badge_of(keys, "cam-1")) as sender:
            sender.connect()
            sender.send("people/cam-1", b"under another name")
            sender.wait(0.2)
        assert gateway.counts.refused == {Refusal.SOURCE: 1}


def test_junk_and_slow_connections_harm_nobody(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "keys", **{"cam-1": "cam-1"})
    with gateway_turning(tmp_path / "journal", keys=keys) as gateway:
        host, port = gateway.inbox.endpoint.removeprefix("tcp://").split(":")
        junk = [tcp.create_connection((host, int(port))) for _ in range(100)]
        for number, one in enumerate(junk):
            if number % 2:
                one.sendall(b"GET / HTTP/1.1\r\n\r\n" if number % 4 == 1 else b"\xff" + bytes(8))
        with Sender(gateway.inbox.endpoint, "cam-1", badge=badge_of(keys, "cam-1")) as sender:
            sender.connect()
            for number in range(100):
                sender.send("people/cam-1", bytes([number]))
            sender.finish()
        for one in junk:
            one.close()
    assert sent_by(kept(tmp_path / "journal")) == [("people/cam-1", bytes([n])) for n in range(100)]


def test_a_revoked_key_is_cut_off_at_once_and_the_others_go_on(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "keys", **{"cam-1": "cam-1", "cam-2": "cam-2"})
    settings = Settings(journal=str(tmp_path / "journal"), listen=ANY_PORT, keys=str(keys), free_bytes_min=0)
    with GatewayChild(settings) as gateway:
        address = gateway.settings.listen
        one = Sender(address, "cam-1", badge=badge_of(keys, "cam-1"))
        two = Sender(address, "cam-2", badge=badge_of(keys, "cam-2"))
        with one, two:
            for sender in (one, two):
                sender.connect()
                sender.send(f"people/{sender.source}", b"before")
            while gateway.wait(0.1) < 2:
                one.wait(0.01)
                two.wait(0.01)
            revoke(keys, "cam-1")
            while not gateway.state.get("handshakes", {}).get(Door.UNKNOWN):
                gateway.wait(0.1)
                one.wait(0.01)
                two.wait(0.01)
            one.send("people/cam-1", b"after")
            two.send("people/cam-2", b"after")
            two.finish()
            one.wait(0.3)
        gateway.drain()
        gateway.stop()
    assert sorted(sent_by(kept(tmp_path / "journal"))) == [
        ("people/cam-1", b"before"),
        ("people/cam-2", b"after"),
        ("people/cam-2", b"before"),
    ]


def test_a_list_that_cannot_be_read_changes_nothing_and_is_named_once(tmp_path: Path) -> None:
    keys, store = keys_of(tmp_path / "keys", **{"cam-1": "cam-1"}), write(tmp_path / "store")
    listed = (keys / "allowed.json").read_text()
    with serving(tmp_path / "out", "--keys", str(keys), store=store) as (serve, said, address):
        (keys / "allowed.json").write_text("[{")
        lines = list(iter(lambda: next_line(said, wait_s=2.5), ""))
        with Sender(address, "cam-1", badge=badge_of(keys, "cam-1")) as sender:
            sender.send("gate/cam-1", b"as before")
            sender.finish()
        (keys / "allowed.json").write_text(listed)
        revoke(keys, "cam-1")
        lines += list(iter(lambda: next_line(said, wait_s=2.5), ""))
        stop(serve)
    assert sum("expected a list of allowed keys" in line for line in lines) == 1
    assert sum("no longer allowed what they were: cam-1" in line for line in lines) == 1
    assert sent_by(kept(tmp_path / "out" / "journal")) == [("gate/cam-1", b"as before")]


def told(folder: Path, keys: Path) -> Settings:
    """Return the settings of a gateway with keys that publishes what it is told."""
    return Settings(
        journal=str(folder / "journal"),
        listen=ANY_PORT,
        publish=ANY_PORT,
        requests=ANY_PORT,
        keys=str(keys),
        store_id="s",
        free_bytes_min=0,
    )


def test_who_was_refused_is_let_in_once_it_is_allowed(tmp_path: Path) -> None:
    """ZeroMQ connects no more where a key was refused: whoever began too early stayed outside until restarted."""
    keys = keys_of(tmp_path / "keys")
    public = read_public(new_pair(keys, "cam-1")).decode()
    with GatewayChild(told(tmp_path, keys)) as gateway:
        badge, places = badge_of(keys, "cam-1"), (gateway.settings.publish, gateway.settings.requests)
        gateway.publish("receipt/s", "trip", "told")
        with Sender(gateway.settings.listen, "cam-1", badge=badge) as sender, Following(*places, badge=badge) as reader:
            sender.send("people/cam-1", b"sent")
            while gateway.state.get("handshakes", {}).get(Door.UNKNOWN, 0) < 3:
                sender.wait(0.05)
                assert list(reader.hear(0.05)) == []
                gateway.wait(0.05)
            allow(keys, Allowed("cam-1", public, ("cam-1",), reads=True))
            sender.finish()
            heard, end_s = list(reader.hear(0.1)), time.monotonic() + 20.0
            while not heard and time.monotonic() < end_s:
                heard = list(reader.hear(0.1))
            assert heard == [("receipt/s", "told")]
        gateway.stop()


def test_who_may_read_is_cut_off_when_revoked_and_the_other_goes_on(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "keys", one="cam-1", two="cam-2")
    for name in ("one", "two"):
        allow(keys, Allowed(name, read_public(keys / f"{name}.key").decode(), reads=True))
    with GatewayChild(told(tmp_path, keys)) as gateway:
        places = gateway.settings.publish, gateway.settings.requests
        with (
            Following(*places, badge=badge_of(keys, "one")) as one,
            Following(*places, badge=badge_of(keys, "two")) as two,
        ):
            last: dict[Following, str] = {}

            def publish_until(word: str, *wanted: Following) -> None:
                end_s = time.monotonic() + 20.0
                while any(last.get(who) != word for who in wanted) and time.monotonic() < end_s:
                    gateway.publish("receipt/s", "trip", word)
                    gateway.wait(0.05)
                    for who in (one, two):
                        last.update((who, text) for _, text in who.hear(0.05))

            publish_until("before", one, two)
            assert set(last.values()) == {"before"}
            revoke(keys, "one")
            while not gateway.state.get("handshakes", {}).get(Door.UNKNOWN):
                gateway.wait(0.1)
            publish_until("after", two)
            assert (last[one], last[two]) == ("before", "after")
        gateway.stop()


def test_a_publisher_with_a_key_is_heard_by_its_engine_only(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "keys", cam="cam")
    engine = read_public(keys / "engine.key")
    with Broadcaster(ANY_PORT, ANY_PORT, key=keys / "cam.key_secret", engine=engine) as publisher:
        settings = Settings(
            journal=str(tmp_path / "journal"),
            listen=ANY_PORT,
            keys=str(keys),
            subscribe=(f"{publisher.place}=cam",),
            free_bytes_min=0,
        )
        with (
            GatewayChild(settings) as gateway,
            zmq.Context() as context,
            closing(context.socket(zmq.SUB)) as eavesdropper,
        ):
            eavesdropper.connect(publisher.endpoint)
            eavesdropper.subscribe(b"")
            while gateway.wait(0.01) < 3:
                publisher.send("people/cam", b"heard")
                publisher.send("people/cam-2", b"not its own")
            assert not eavesdropper.poll(200)
            gateway.stop()
    assert set(sent_by(kept(tmp_path / "journal"))) == {("people/cam", b"heard")}
    with (
        pytest.raises(BusError, match="expected =NAME of the key"),
        GatewayChild(Settings(journal=str(tmp_path / "other"), listen=ANY_PORT, subscribe=("tcp://10.0.0.1:5555",))),
    ):
        pass


# The process


def test_a_killed_gateway_comes_back_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with GatewayChild(Settings(journal=str(tmp_path), listen=ANY_PORT, free_bytes_min=0)) as gateway:
        with Sender(gateway.settings.listen, "ctl") as sender:
            sender.connect()
            for number, frame in enumerate(frames(3000)):
                sender.send(frame.topic, frame.payload)
                if number in (500, 1700):
                    before = gateway.restarts
                    gateway.kill()
                    while gateway.restarts == before:  # that it has died takes a moment to be heard
                        gateway.wait(0.1)
            while len(sender.outgoing):
                sender.wait(0.05)
                gateway.wait(0.0)
        assert gateway.restarts == 2
        gateway.stop()
    assert sorted(sent_by(kept(tmp_path))) == sorted(sent_by(frames(3000)))


def test_what_the_engine_has_read_and_is_lost_is_no_place_for_what_comes_later(tmp_path: Path) -> None:
    """Found by spoiling a journal behind a snapshot: 3,800 messages were acknowledged and never read."""
    with gateway_turning(tmp_path) as gateway, Sender(gateway.inbox.endpoint, "ctl") as sender:
        publish(frames(20), sender, None, lambda frame: None)
    (segment,) = segments_of(tmp_path)
    segment.write_bytes(segment.read_bytes()[: segment.stat().st_size // 2])
    with GatewayChild(Settings(journal=str(tmp_path), listen=ANY_PORT, free_bytes_min=0, known=20)) as again:
        for boot in range(2):
            with Sender(again.settings.listen, "ctl") as sender:
                publish(frames(5), sender, None, lambda frame: None)
            if boot == 0:
                again.kill()
                while not again.restarts:
                    again.wait(0.1)
        again.stop()
        assert sent_by(list(read_journal(tmp_path, 20).frames())) == sent_by(frames(5)) * 2
    reader = read_journal(tmp_path)
    assert 0 < sum(1 for _ in reader.frames()) - 10 < 20
    assert [(one.first > 0, one.until) for one in reader.damage] == [(True, 20)]


@pytest.mark.parametrize(("lag_max", "silent"), [(10, False), (1000, True)])
def test_a_gateway_that_waits_for_its_engine_does_not_take_that_for_silence(
    lag_max: int, silent: bool, tmp_path: Path
) -> None:
    settings = Settings(journal=str(tmp_path), listen=ANY_PORT, free_bytes_min=0, lag_max=lag_max)
    with GatewayChild(settings) as gateway:
        with Sender(gateway.settings.listen, "ctl") as sender:
            sender.connect()
            for frame in frames(20):
                sender.send(frame.topic, frame.payload)
            while gateway.end <= min(lag_max, 19):  # beyond lag_max it reads no more, if it had not read all at once
                gateway.wait(0.1)
            gateway.drain()
        assert gateway.silent == silent
        gateway.stop()


@pytest.mark.parametrize("frame_bytes", [100, 1 << 16])
def test_a_bomb_of_many_frames_meets_the_memory_limit_and_the_rest_gets_through(
    frame_bytes: int, tmp_path: Path
) -> None:
    settings = Settings(journal=str(tmp_path), listen=ANY_PORT, memory_bytes=600 << 20, free_bytes_min=0)
    with GatewayChild(settings) as gateway:
        address = gateway.settings.listen
        with Sender(address, "ctl") as sender:
            sender.connect()
            for frame in frames(50):
                sender.send(frame.topic, frame.payload)
            assert send_bomb(address, frame_bytes=frame_bytes, total_bytes=1 << 30) < 1 << 30
            for frame in frames(100)[50:]:
                sender.send(frame.topic, frame.payload)
            while len(sender.outgoing):
                sender.wait(0.05)
                gateway.wait(0.0)
        assert gateway.restarts == (frame_bytes < 1000)  # larger ones cost their sender the connection only
        gateway.stop()
    assert sorted(sent_by(kept(tmp_path))) == sorted(sent_by(frames(100)))


def test_a_service_that_others_could_reach_is_refused_without_keys(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", "--store", str(write(tmp_path / "store")), "--out", str(tmp_path / "out"), "--listen"]
    assert main([*words, "tcp://*:5555"]) == 2
    assert main([*words, "tcp://127.0.0.1:*", "--publish", "tcp://0.0.0.0:*"]) == 2
    assert main([*words, "tcp://127.0.0.1:*", "--keys", str(tmp_path / "nowhere")]) == 2
    assert main([*words, "tcp://127.0.0.1:*", "--metrics", "0.0.0.0:0"]) == 2
    first, second, third, fourth = capfd.readouterr().err.splitlines()
    assert "--metrics 0.0.0.0:0: expected a loopback address" in fourth
    assert "'tcp://*:5555': expected --keys" in first and "'tcp://0.0.0.0:*': expected --keys" in second
    assert "engine.key_secret: expected a key file" in third
