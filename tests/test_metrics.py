"""Metrics as Prometheus reads them, and logs as JSON lines."""

import io
import json
import logging
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from fusion.cli import main
from fusion.live.bulletin import growth, not_taken
from fusion.live.logs import NAME, log_as_json
from fusion.live.metrics import Service, Tallies, Tally, render, serve_metrics

names = st.text(min_size=1, max_size=12)
counts = st.dictionaries(names, st.integers(0, 10**9), max_size=4)


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return what a scraper reads: name and label values without the store -> value."""
    return {
        (s.name, tuple(v for k, v in sorted(s.labels.items()) if k != "store")): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


@given(
    st.dictionaries(names, st.integers(0, 10**9), max_size=4),
    st.dictionaries(names, st.sampled_from(["degraded", "down"]), max_size=4),
    st.sampled_from(["open", "degraded", "closed"]),
    st.integers(0, 10**12),
)
def test_a_scraper_reads_back_what_was_counted(
    rejected: dict[str, int], sensors: dict[str, str], mode: str, read: int
) -> None:
    found = samples(render(Tally("shop", read=read, rejected=rejected, sensors=sensors, mode=mode, lag_s=4.25)))
    assert found["aisle_messages_read_total", ()] == read and found["aisle_lag_seconds", ()] == 4.25
    assert {key[1][0]: n for key, n in found.items() if key[0] == "aisle_messages_rejected_total"} == rejected
    assert {key[1][0]: key[1][1] for key in found if key[0] == "aisle_sensor_wrong"} == sensors
    assert [key[1][0] for key, n in found.items() if key[0] == "aisle_mode" and n] == [mode]


@given(counts, counts, counts, counts)
def test_what_the_gateway_did_not_take_is_told_to_scrapers_and_in_words(
    refused: dict[str, int], lost: dict[str, int], handshakes: dict[str, int], of_publisher: dict[str, int]
) -> None:
    lossy = {"tcp://a:1": {"repaired": 7, "lost": of_publisher}}
    state = {"refused": refused, "lost": lost, "handshakes": handshakes, "lossy": lossy, "full": "1 MiB free"}
    found = samples(render(Tally("shop", service=Service(state, behind=9, silent_s=2.5, restarts=3))))
    for name, said in (("messages_refused", refused), ("messages_given_up", lost), ("handshakes", handshakes)):
        assert {key[1][0]: n for key, n in found.items() if key[0] == f"aisle_{name}_total"} == said
    assert found["aisle_publisher_messages_lost_total", ("tcp://a:1",)] == sum(of_publisher.values())
    assert found["aisle_publisher_messages_mended_total", ("tcp://a:1",)] == 7
    assert (found["aisle_records_behind", ()], found["aisle_silence_seconds", ()]) == (9, 2.5)
    assert (found["aisle_disk_full", ()], found["aisle_gateway_restarts_total", ()]) == (1, 3)
    let_in = handshakes.get("let in", 0)
    every = [*refused.values(), *lost.values(), *handshakes.values(), *of_publisher.values()]
    assert sum(not_taken(state).values()) == sum(every) - let_in


@given(counts, counts)
def test_a_count_is_told_once_also_when_the_gateway_began_anew(first: dict[str, int], more: dict[str, int]) -> None:
    later = {what: first.get(what, 0) + more.get(what, 0) for what in first | more}
    assert growth(first, later) == {what: n for what, n in more.items() if n}
    assert growth(later, more) == {
        what: n if n < later[what] else n - later[what] for what, n in more.items() if n and n != later[what]
    }
    assert growth(later, later) == {}


def test_metrics_are_served_as_they_are_at_the_moment() -> None:
    tallies = Tallies(Tally("shop", read=1))
    port = serve_metrics(tallies, 0)
    tallies.show(Tally("shop", read=7))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert samples(answer.read().decode())["aisle_messages_read_total", ()] == 7


def test_logs_are_json_lines_with_what_was_given_beside_the_words() -> None:
    stream = io.StringIO()
    logger = log_as_json(stream)
    logger.info("sensor %s", "cam-01", extra={"state": "down", "place": object})
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger(f"{NAME}.live").exception("failed")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["text"], first["state"], first["level"], first["logger"]) == ("sensor cam-01", "down", "info", NAME)
    assert "ValueError: no" in second["error"] and second["logger"] == f"{NAME}.live"


def test_a_store_that_cannot_be_read_is_a_json_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--store", str(tmp_path), "--out", str(tmp_path / "out"), "--listen", "tcp://127.0.0.1:*", "--log", "json")
    assert main(["serve", *words]) == 2
    said = json.loads(capsys.readouterr().err)
    assert said["level"] == "error" and "store.toml" in said["text"]
