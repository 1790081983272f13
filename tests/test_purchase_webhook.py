"""The webhook over real HTTP: signed, asked until it is answered, taken over once."""

import base64
import hmac
import json
import time
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from cards import kept, pans
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from till_server import serving_till
from visits import Commit, charged_cents, close, receipt_of, shop

from fusion.purchase.answers import Accepted, Declined, Later
from fusion.purchase.courier import deliver_due
from fusion.purchase.life import Status
from fusion.purchase.outbox import NAME, open_outbox
from fusion.purchase.port import PortError
from fusion.purchase.purchases import add
from fusion.purchase.signature import headers, secret_of, text_of
from fusion.purchase.webhook import SECRET, Webhook, check_url, open_webhook, read_secret

KEY = bytes(range(32))
ID = b"\x07" * 16
QUICK = httpx.Timeout(0.3)
HOUR_NS = 3600 * 10**9


def commits(count: int) -> list[Commit]:
    store = shop("one card")
    return [close(store, receipt_of(store, f"t{n}", "settled", t_ns=30 + n)) for n in range(count)]


def test_the_reference_vector_of_standard_webhooks() -> None:
    secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert secret is not None and text_of(secret) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"])
def test_what_is_no_secret(text: str) -> None:
    assert secret_of(text) is None


def test_a_request_is_one_signed_post_under_its_key() -> None:
    with serving_till() as till:
        webhook = Webhook(till.url, KEY)
        assert webhook.ask(ID, '{"id": "x"}') == Accepted()
        webhook.close()
        said, body = till.seen[0]
    signed = f"{ID.hex()}.{said['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, sha256).digest()).decode()
    assert (said["webhook-signature"], said["idempotency-key"], said["webhook-id"]) == (
        f"v1,{expected}",
        ID.hex(),
        ID.hex(),
    )
    assert abs(int(said["webhook-timestamp"]) - time.time()) < 60
    assert said["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("mood", "answer"),
    [
        ("accept", Accepted()),
        ("decline", Declined("card expired")),
        ("busy", Later("status 429: busy", 60.0)),
        ("fault", Later("status 500")),
        ("moved", Later("status 302")),
    ],
)
def test_what_an_answer_means(mood: str, answer: object) -> None:
    with serving_till() as till:
        till.mood = lambda: mood
        assert Webhook(till.url, KEY).ask(ID, "{}") == answer


@pytest.mark.parametrize("mood", ["rubbish", "silence", "half", "stall"])
def test_no_answer_is_not_now(mood: str) -> None:
    with serving_till() as till:
        till.mood = lambda: mood
        answer = Webhook(till.url, KEY, QUICK).ask(ID, "{}")
    assert isinstance(answer, Later) and answer.reason
    assert isinstance(Webhook(till.url, KEY, QUICK).ask(ID, "{}"), Later), "nobody listens any more"


def test_a_second_answer_is_not_the_answer_to_the_next_request() -> None:
    with serving_till() as till:
        moods = iter(["twice", "accept", "accept"])
        till.mood = lambda: next(moods)
        webhook = Webhook(till.url, KEY)
        assert [webhook.ask(bytes([n]) * 16, "{}") for n in range(3)] == [Accepted()] * 3


MOODS = st.sampled_from(["accept", "twice", "busy", "fault", "half", "silence", "rubbish", "moved"])


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.lists(MOODS, max_size=9), st.lists(st.sampled_from([0, HOUR_NS]), min_size=3, max_size=3))
def test_a_server_that_fails_stalls_and_answers_twice_takes_each_trip_once(moods: list[str], pauses: list[int]) -> None:
    with serving_till() as till, TemporaryDirectory() as folder:
        left = iter(moods)
        till.mood = lambda: next(left, "accept")
        webhook, now_ns = Webhook(till.url, KEY, QUICK), 10**18
        with open_outbox(Path(folder) / NAME, "till", "USD") as outbox:
            for commit, pause_ns in zip(commits(3), pauses, strict=True):
                add(outbox, commit.transfers, commit.entries)
                deliver_due(outbox, webhook, partial(int, now_ns))
                now_ns += pause_ns
            till.mood = lambda: "accept"
            now_ns += HOUR_NS
            deliver_due(outbox, webhook, partial(int, now_ns))
            assert outbox.next_due_ns() is None
            assert {one.status for one in outbox.purchases()} == {Status.PAID}
        webhook.close()
        assert sorted(str(one["trip"]) for one in till.done.values()) == ["t0", "t1", "t2"]
        charged = sum(charged_cents(commit.entries, f"t{n}") for n, commit in enumerate(commits(3)))
        assert sum(int(str(one["total"])) for one in till.done.values()) == charged


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(pans())
def test_a_card_number_in_an_answer_is_never_kept(pan: str) -> None:
    with serving_till() as till, TemporaryDirectory() as folder:
        till.mood, till.pan = (lambda: "pan"), pan
        with open_outbox(Path(folder) / NAME, "till", "USD") as outbox:
            add(outbox, commits(1)[0].transfers, commits(1)[0].entries)
            deliver_due(outbox, Webhook(till.url, KEY), time.time_ns)
            purchase = outbox.purchase("t0")
            assert purchase.status is Status.OWED
            assert [event.reason for event in purchase.last.values()] == ["a card number, not shown"]
            assert kept(Path(folder), pan) == []


@pytest.mark.parametrize(
    "url",
    ["http://pay.example/x", "https://ann:secret@pay.example/", "https://", "http://[::1", "https://pay.example:99999/",
     "https://pay.example/4111111111111111", "https://pay.example/#x"],
)  # fmt: skip
def test_addresses_that_purchases_do_not_go_to(url: str) -> None:
    with pytest.raises(PortError, match="--purchases: expected ") as refused:
        check_url(url)
    assert "secret" not in str(refused.value) and "4111" not in str(refused.value)


def test_addresses_that_they_go_to() -> None:
    for url in ("https://pay.example/hook", "http://127.0.0.1:8080/", "http://localhost/x", "http://[::1]:9/"):
        assert check_url(url) == url


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / SECRET
    secret = read_secret(path)
    assert read_secret(path) == secret and len(secret) == 32
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("password1\n")
    with pytest.raises(PortError, match=r"purchases\.secret: expected whsec_"):
        open_webhook("https://pay.example/", tmp_path)


def test_a_body_is_what_the_ledger_says(tmp_path: Path) -> None:
    with serving_till() as till, open_outbox(tmp_path / NAME, "till", "USD") as outbox:
        commit = commits(1)[0]
        add(outbox, commit.transfers, commit.entries)
        deliver_due(outbox, Webhook(till.url, KEY), time.time_ns)
        fields = json.loads(till.seen[0][1])
    assert (fields["kind"], fields["trip"], fields["account"], fields["held"]) == ("create", "t0", "ann", False)
    assert fields["total"] == charged_cents(commit.entries, "t0") == sum(one["amount"] for one in fields["shares"])
