"""The real server of a real replay, over HTTP and WebSocket: who comes in, what they see, what they decide."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from web_page import Site, recorded, replayed, shown
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bench.golden import STORE, ledger_of, tape_of
from fusion.cli import main
from fusion.ledger.verify import verify
from fusion.store import load_store
from fusion.web.times import MS_NS
from scenarios.children import AISLE, next_line, running

TAPE = "stale-planogram"  # has a receipt in review, and one that is settled


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a replay whose page is open."""
    return tmp_path_factory.mktemp("page") / "out"


@pytest.fixture(scope="module")
def site(out: Path) -> Iterator[Site]:
    """The page of a replay that is over; nothing is decided here."""
    with replayed(TAPE, out) as one:
        yield one


@pytest.fixture(scope="module")
def viewer(site: Site) -> Iterator[httpx.Client]:
    with site.client("viewer") as client:
        yield client


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# Who comes in

ASKED = ("/api/me", "/api/store", "/api/reviews", "/api/reviews/x", "/api/receipts/x", "/api/events/x")


@pytest.mark.parametrize("path", ASKED)
def test_nobody_sees_anything_without_a_token(site: Site, path: str) -> None:
    with site.client() as client:
        assert client.get(path).status_code == 401
        client.cookies.set(site.cookie, "made-up")
        assert client.get(path).status_code == 401


def test_a_token_is_shown_once_and_its_cookie_serves_until_it_is_given_back(site: Site) -> None:
    with site.client() as client:
        answer = client.post("/api/login", json={"token": site.tokens["viewer"]})
        assert answer.status_code == 204 and answer.content == b""
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and site.tokens["viewer"].lower() not in cookie
        assert client.get("/api/me").json() == {"role": "viewer", "name": "viewer"}
        mine = client.cookies[site.cookie]
        assert client.post("/api/logout").status_code == 204
        client.cookies.set(site.cookie, mine)
        assert client.get("/api/me").status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"token": 7}', b'{"token": "\\ud800"}', b'{"token": ""}'])
def test_nonsense_for_a_token_is_refused(site: Site, body: bytes) -> None:
    with site.client() as client:
        assert client.post("/api/login", content=body).status_code in (401, 422, 429)


def test_a_body_that_is_too_large_is_not_read(site: Site) -> None:
    with site.client() as client:
        assert client.post("/api/login", content=b'{"token": "' + b"x" * 70_000 + b'"}').status_code in (413, 429)


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1:1"])
def test_other_pages_can_change_nothing_and_watch_nothing(site: Site, origin: str | None) -> None:
    with site.client("reviewer") as client:
        del client.headers["Origin"]
        headers = {} if origin is None else {"Origin": origin}
        for path in ("/api/logout", "/api/login", "/api/reviews/x"):
            assert client.post(path, headers=headers, json={}).status_code == 403
        assert client.get("/api/me").status_code == 200, "still logged in"
    with pytest.raises(InvalidStatus, match="403"), site.stream(origin=origin):
        pass


def test_another_name_for_this_machine_is_refused(site: Site) -> None:
    with site.client("viewer") as client:
        assert client.get("/api/me", headers={"Host": "evil.example"}).status_code == 403
        port = site.host.split(":")[1]
        assert client.get("/api/me", headers={"Host": f"localhost:{port}"}).status_code == 200


def test_the_stream_is_for_who_is_logged_in(site: Site) -> None:
    with pytest.raises(InvalidStatus, match="403"), site.stream(role=None):
        pass


def test_every_answer_says_what_browsers_must_not_do(site: Site, viewer: httpx.Client) -> None:
    for path in ("/api/me", "/api/nothing", "/nothing", "/api/store"):
        headers = viewer.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert viewer.get("/api/me").headers["cache-control"] == "no-store"


def test_two_pages_of_one_machine_are_open_side_by_side(out: Path, site: Site, viewer: httpx.Client) -> None:
    with shown(out) as other, other.client("reviewer") as client:
        client.cookies.update(viewer.cookies)  # as a browser does, which sends all of a host's to each of its ports
        assert client.get("/api/me").json()["role"] == "reviewer"
        assert viewer.get("/api/me").json()["role"] == "viewer"


def test_wrong_tokens_are_slowed_down(out: Path, site: Site) -> None:
    with shown(out) as other, other.client() as client:
        statuses = [client.post("/api/login", json={"token": f"wrong {n}"}).status_code for n in range(7)]
        assert statuses[:5] == [401] * 5 and 429 in statuses[5:]
        late = client.post("/api/login", json={"token": other.tokens["viewer"]})
        assert late.status_code == 429 and int(late.headers["retry-after"]) >= 1


# What they see


def test_the_store_is_drawn_as_its_folder_says(viewer: httpx.Client) -> None:
    store, said = load_store(STORE), viewer.get("/api/store").json()
    assert (said["store"], said["currency"]) == (store.store_id, store.currency)
    assert [plate["id"] for plate in said["plates"]] == list(store.plates.plate_id)
    assert all(len(plate["outline"]) == 4 for plate in said["plates"])
    assert {sku for plate in said["plates"] for sku in plate["skus"]} <= set(said["products"])
    assert {one["id"] for one in said["cameras"]} == set(store.cameras.camera_id)
    assert all(len(one["view"]) > 2 for one in said["cameras"])
    prices = dict(zip(store.products.sku, store.products.price_cents.tolist(), strict=True))
    assert {sku: one["price"] for sku, one in said["products"].items()} == prices


def test_a_receipt_comes_with_the_evidence_behind_each_line(out: Path, viewer: httpx.Client) -> None:
    (settled,) = [row for row in rows(out / "receipts.jsonl") if row["status"] == "settled"]
    said = viewer.get(f"/api/receipts/{settled['trip']}").json()
    assert said["receipt"]["total"] == settled["total"] and said["decisions"] == []
    assert said["receipt"]["closed"] == settled["closed"] / MS_NS
    assert [line["sku"] for line in said["lines"]] == [line["sku"] for line in settled["lines"]]
    for line, row in zip(said["lines"], settled["lines"], strict=True):
        assert [one["event"]["event"] for one in line["events"]] == row["events"]
    evidence = said["lines"][0]["events"][0]
    assert evidence["plates"][0]["grams"] and len(evidence["plates"][0]["t"]) == len(evidence["plates"][0]["grams"])
    assert {one["account"] for one in evidence["floor"]} >= {settled["account"]}
    assert any(len(one["x"]) > 10 for one in evidence["floor"]), "paths, from the scenes"
    assert any(settled["account"] in line for line in evidence["words"])
    assert {one["name"] for one in evidence["witnesses"]} >= {"mass"}


def test_every_event_has_its_evidence_and_no_other_id_has(out: Path, viewer: httpx.Client) -> None:
    for row in rows(out / "events.jsonl"):
        said = viewer.get(f"/api/events/{row['event']}").json()
        assert said["event"] == {**row, "t0": row["t0"] / MS_NS, "t1": row["t1"] / MS_NS}
        assert said["plates"] and sum(one["p"] for one in said["alternatives"]) <= 1.0
        step = said["plates"][0]["t"]
        assert step[0] < said["event"]["t1"] < step[-1] + 10_000
    for path in ("/api/events/ev-none", "/api/receipts/none", "/api/reviews/none", "/api/events/..%2f..%2fetc"):
        assert viewer.get(path).status_code == 404
    handed = [row["event"] for row in rows(out / "evidence.jsonl") if row["kind"] == "passing"]
    for id_ in handed:
        assert viewer.get(f"/api/events/{id_}").json()["words"]


def test_the_queue_holds_what_is_in_review(out: Path, viewer: httpx.Client) -> None:
    (held,) = [row for row in rows(out / "receipts.jsonl") if row["status"] == "review"]
    (case,) = viewer.get("/api/reviews").json()
    assert (case["id"], case["account"], case["total"]) == (held["trip"], held["account"], held["total"])
    assert case["lines"] == held["lines"] and case["holds"] and case["due"] > case["closed"] == held["closed"] / MS_NS
    assert viewer.get(f"/api/reviews/{case['id']}").json()["receipt"]["status"] == "review"


def test_what_leaves_a_receipt_open_is_what_explain_says(
    out: Path, viewer: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    found = 0
    for row in rows(out / "receipts.jsonl"):
        capsys.readouterr()
        assert main(["explain", str(out), row["account"], "--store", str(STORE), "--json"]) == 0
        receipts = json.loads(capsys.readouterr().out)["receipts"]
        told = next(one["doubts"] for one in receipts if one["trip"] == row["trip"])
        shown = viewer.get(f"/api/receipts/{row['trip']}").json()["doubts"]
        assert [(one["p"], one["decided"]) for one in shown] == [(one["p_otherwise"], one["decided"]) for one in told]
        assert [[other["words"] for other in one["others"]] for one in shown] == [
            [other["reading"] for other in one["or"]] for one in told
        ]
        found += len(shown)
    assert found > 0, "a tape with a review has a doubt"


def test_the_stream_shows_the_run_from_its_end_and_from_its_beginning(out: Path, site: Site) -> None:
    receipts = {row["trip"]: row["total"] for row in rows(out / "receipts.jsonl")}
    with site.stream() as view:
        span, state, scene = view.told(), view.told(), view.until("scene")
        assert (span["kind"], span["live"], span["over"]) == ("span", True, True)
        assert state["kind"] == "state" and {one["id"]: one["total"] for one in state["receipts"]} == receipts
        assert span["from"] < scene["t"] <= state["t"] == span["to"] and view.until("rates")["people"] >= 0
        view.ask(go=span["from"], speed=20)
        begin = view.until("state")
        assert begin["t"] == span["from"] and begin["receipts"] == [] and begin["mode"]["mode"] == "open"
        people, told = 0, []
        while len(told) < len(receipts):
            said = view.told()
            people = max(people, len(said["people"])) if said["kind"] == "scene" else people
            told += [said["body"]["id"]] if said.get("what") == "receipt" else []
        assert told == list(receipts) and people >= 2


def test_pause_and_steps(site: Site) -> None:
    with site.stream() as view:
        span = view.until("span")
        middle = round((span["from"] + span["to"]) / 2)
        view.ask(go=middle, paused=True)
        before = view.until("span")
        assert before["live"] is False
        scene = view.until("scene") if before["kind"] == "scene" else None
        view.ask(step=1)
        on = view.until("scene")
        view.ask(step=-1)
        back = view.until("scene")
        assert on["t"] - back["t"] == 100.0 and (scene is None or back == scene)
        view.ask(step=7)
        assert view.until("refused")["text"].startswith("expected")


def test_a_viewer_decides_nothing(out: Path, site: Site, viewer: httpx.Client) -> None:
    before = verify(out / "ledger.db").digest
    (case,) = viewer.get("/api/reviews").json()
    assert viewer.post(f"/api/reviews/{case['id']}", json={"verdict": "waive"}).status_code == 403
    assert viewer.get("/api/reviews").json() == [case] and verify(out / "ledger.db").digest == before


NONSENSE = (
    *({}, {"verdict": "forgive"}, {"verdict": "approve", "lines": []}, {"verdict": "adjust"}),
    {"verdict": "adjust", "lines": []},
    {"verdict": "adjust", "lines": [{"sku": "x"}]},
    {"verdict": "adjust", "lines": [{"sku": "no such product", "qty": 1}]},
    {"verdict": "adjust", "lines": [{"sku": "x", "qty": -1}]},
    {"verdict": "adjust", "lines": [{"sku": "x", "qty": 1.5}]},
    {"verdict": "adjust", "lines": [{"sku": "x", "qty": True}]},
    {"verdict": "adjust", "lines": [{"sku": "x", "grams": 1e9}]},
    {"verdict": "adjust", "lines": [{"sku": "x", "qty": 1}, {"sku": "x", "qty": 2}]},
    {"verdict": "adjust", "lines": ["x"] * 3},
)


@pytest.mark.parametrize("said", NONSENSE, ids=json.dumps)
def test_a_decision_that_is_none_is_refused_and_changes_nothing(out: Path, site: Site, said: dict) -> None:
    before = verify(out / "ledger.db").digest
    with site.client("reviewer") as client:
        (case,) = client.get("/api/reviews").json()
        answer = client.post(f"/api/reviews/{case['id']}", json=said)
        assert answer.status_code == 422 and "expected" in answer.json()["error"]
        assert client.post("/api/reviews/none", json={"verdict": "waive"}).status_code == 404
    assert verify(out / "ledger.db").digest == before


# What they decide


VERDICTS = ("approve", "waive", "adjust")


CONTRARY = {"approve": "waive", "adjust": "waive", "waive": "approve"}


def wish(verdict: str, case: dict) -> dict:
    """Return a decision on a case; to adjust is to take the first line off."""
    off = {"lines": [{"sku": case["lines"][0]["sku"], "qty": 0}]}
    return {"verdict": verdict} | (off if verdict == "adjust" else {})


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_decision_is_made_once_and_the_ledger_proves_it(tmp_path: Path, verdict: str) -> None:
    out = recorded(TAPE, tmp_path / "out")
    with shown(out) as site, site.stream() as view, site.client("reviewer") as client:
        (case,) = client.get("/api/reviews").json()
        place, said = f"/api/reviews/{case['id']}", wish(verdict, case)
        answer = client.post(place, json=said)
        assert answer.status_code == 200, answer.text
        receipt, records = answer.json()["receipt"], answer.json()["records"]
        kept = {"approve": case["lines"], "waive": [], "adjust": case["lines"][1:]}[verdict]
        assert receipt["status"] == "settled" and receipt["lines"] == kept
        assert (receipt["total"] > 0) == (verdict != "waive")
        assert (receipt["total"] == case["total"]) == (verdict == "approve")
        assert {one["kind"] for one in records} == {"entry", "transfer", "receipt"}
        heard = view.until("said", what="decided")["body"]
        assert heard == {"id": case["id"], "verdict": verdict, "by": "reviewer", "receipt": receipt}
        assert client.get("/api/reviews").json() == []
        stands = client.get(f"/api/receipts/{case['id']}").json()
        assert stands["receipt"] == receipt
        assert [(one["verdict"], one["by"]) for one in stands["decisions"]] == [(verdict, "reviewer")]
        again = client.post(place, json=said)
        assert (again.status_code, again.json()) == (200, answer.json())
        contrary = client.post(place, json={"verdict": CONTRARY[verdict]})
        assert contrary.status_code == 409 and "decided" in contrary.json()["error"]
        with site.stream() as late:
            statuses = {one["id"]: one["status"] for one in late.until("state")["receipts"]}
        assert statuses[case["id"]] == "settled"
    report = verify(out / "ledger.db")
    assert report.findings == () and report.signed == report.records, "signed again"


def test_many_who_decide_at_once_decide_once(tmp_path: Path) -> None:
    out = recorded(TAPE, tmp_path / "out")
    with shown(out) as site, site.client("reviewer") as client:
        (case,) = client.get("/api/reviews").json()

        def post(n: int) -> tuple[str, int]:
            verdict = ("approve", "waive")[n % 2]
            return verdict, client.post(f"/api/reviews/{case['id']}", json={"verdict": verdict}).status_code

        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(post, range(16)))
    assert answers in ({("approve", 200), ("waive", 409)}, {("approve", 409), ("waive", 200)})
    report = verify(out / "ledger.db")
    assert report.findings == () and report.signed == report.records


# As a command


def test_outputs_are_the_same_bytes_with_the_page_and_without(out: Path, site: Site, tmp_path: Path) -> None:
    ledger_of(tape_of(TAPE), STORE, tmp_path)
    for name in ("receipts.jsonl", "events.jsonl", "provisional.jsonl", "evidence.jsonl", "tracks.parquet"):
        assert (out / name).read_bytes() == (tmp_path / name).read_bytes(), name
    assert verify(out / "ledger.db").digest == verify(tmp_path / "ledger.db").digest
    assert not (tmp_path / "scenes").exists()


def test_a_token_of_a_file_comes_in_until_its_line_is_gone(
    tmp_path: Path, out: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tokens"
    assert main(["web", "token", "new", "--role", "reviewer", "--name", "ann", "--file", str(file)]) == 0
    token = capsys.readouterr().out.strip()
    assert token not in file.read_text() and file.stat().st_mode & 0o077 == 0
    where = ("--store", str(STORE), "--web", "127.0.0.1:0", "--web-tokens", str(file))
    with running("web", str(out), *where) as (child, lines):
        said = ""
        while "page on http://" not in said:
            said = next_line(lines, wait_s=1.0)
            assert child.poll() is None
        other = Site(said.split("//")[1].strip("/"), {"reviewer": token})
        with other.client("reviewer") as client, other.stream("reviewer") as view:
            assert client.get("/api/me").json() == {"role": "reviewer", "name": "ann"}
            view.until("state")
            file.write_text("# nobody any more\n")
            assert client.get("/api/me").status_code == 401
            assert client.post("/api/login", json={"token": token}).status_code == 401
            with pytest.raises(ConnectionClosed, match="logged out"):
                view.until("nothing")


BAD = (
    (["web"], "OUT"),
    (["web", "a", "b", "--store", "s"], "expected OUT"),
    (["web", "{out}", "--store", "nowhere"], "nowhere"),
    (["web", "nowhere", "--store", "{store}"], "nowhere"),
    (["web", "{out}"], "--store"),
    (["web", "{out}", "--store", "{store}", "--web", "0.0.0.0:8080"], "--web-tokens"),
    (["web", "{out}", "--store", "{store}", "--web", "nonsense:x"], "HOST:PORT"),
    (["web", "{out}", "--store", "{store}", "--web", "70000"], "HOST:PORT"),
    (["web", "{out}", "--store", "{store}", "--web-tokens", "nowhere"], "nowhere"),
    (["web", "token", "new", "--role", "viewer"], "--name"),
    (["web", "token", "new", "--role", "king", "--name", "a", "--file", "f"], "king"),
    (["replay", "r.mcap", "--store", "{store}", "--out", "{new}", "--web", "0.0.0.0:0"], "--web-tokens"),
    (["replay", "r.mcap", "--store", "{store}", "--out", "{new}", "--web", "{taken}"], "free to listen on"),
)


@pytest.mark.parametrize(("words", "named"), BAD, ids=str)
def test_bad_input_is_one_line(tmp_path: Path, out: Path, site: Site, words: list[str], named: str) -> None:
    places = {"out": out, "store": STORE, "new": tmp_path / "new", "taken": site.host}
    told = subprocess.run(
        [*AISLE, *(word.format(**places) for word in words)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2 and told.stdout == ""
    assert len(told.stderr.splitlines()) == 1 and named in told.stderr, told.stderr


NO_HASH = "0" * 63
LINES = (
    *(f"king ann {NO_HASH}0", "viewer ann secret-token", "viewer ann", f"viewer a/b {NO_HASH}0"),
    *(f"viewer ann {NO_HASH}", ""),
)


@pytest.mark.parametrize("line", LINES)
def test_a_bad_file_of_tokens_names_the_line_and_never_shows_it(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tokens"
    file.write_text(line)
    assert main(["web", str(tmp_path), "--store", str(STORE), "--web-tokens", str(file)]) == 2
    said = capsys.readouterr().err
    assert str(file) in said and "secret-token" not in said and len(said.splitlines()) == 1


def test_a_ledger_in_a_server_is_decided_in_too(tmp_path: Path, database: str) -> None:
    key = tmp_path / "key"
    out = recorded(TAPE, tmp_path / "out", ledger=database, key=key)
    with shown(out, "--ledger", database, "--key", str(key)) as site, site.client("reviewer") as client:
        (case,) = client.get("/api/reviews").json()
        answer = client.post(f"/api/reviews/{case['id']}", json={"verdict": "waive"})
        assert answer.status_code == 200 and answer.json()["receipt"]["total"] == 0
        assert client.get("/api/reviews").json() == []
    report = verify(database, seal=out / "ledger.seal")
    assert report.findings == () and report.signed == report.records
