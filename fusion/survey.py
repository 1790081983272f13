"""What a recording holds, source by source: rates, gaps, duplicates, lateness."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fusion.messages import KIND_OF, Kind, Malformed, Plates, Reason
from fusion.progress import watched_recording
from fusion.recording import read_recording
from fusion.wire import decode

REORDER_SEQ_MAX = 16  # how far behind a message may come and still be late rather than the first of a restart

COLUMNS = {
    "kind": pl.String,
    "src": pl.String,
    "seq": pl.Int64,
    "t": pl.Int64,
    "arrival": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rejected payload and where it stands in the file, counted from 1."""

    number: int
    reason: Reason
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """A recording read to its end."""

    store_id: str
    damage: str  # "" for a whole file
    messages: pl.DataFrame  # COLUMNS, in file order, malformed ones left out
    refusals: tuple[Refusal, ...]
    channels: tuple[tuple[str, int], ...]  # (controller, plates in its first message)


def survey(path: Path) -> Survey:
    """Read a whole recording; raises RecordingError or OSError when it is none."""
    recording = read_recording(path)
    rows: list[tuple[str, str, int, int, int]] = []
    refusals: list[Refusal] = []
    channels: dict[str, int] = {}
    for number, frame in enumerate(watched_recording(recording, "reading"), start=1):
        message = decode(frame.topic, frame.payload)
        if isinstance(message, Malformed):
            refusals.append(Refusal(number, message.reason, message.text))
            continue
        kind = KIND_OF[type(message)]
        rows.append((kind, message.src, message.seq, message.t_ns, frame.arrival_ns))
        if isinstance(message, Plates):
            channels.setdefault(message.src, message.g.shape[1])
    table = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    return Survey(
        recording.store_id,
        recording.damage,
        table,
        tuple(refusals),
        tuple(channels.items()),
    )


def counts_by_kind(found: Survey) -> dict[str, int]:
    """Return how many messages of each kind were read, kinds in the contract's order."""
    counts = dict(found.messages.group_by("kind").len().iter_rows())
    return {str(kind): counts[kind] for kind in Kind if kind in counts}


def sources(messages: pl.DataFrame) -> pl.DataFrame:
    """Return one row a source: src, kinds, count, rate_hz, span_s, restarts, gaps, duplicates, late_*_ms."""
    late_ms = (pl.col("arrival") - pl.col("t")) / 1e6
    own = pl.col("kind") != Kind.HEALTH
    span_s = (pl.col("t").max() - pl.col("t").min()) / 1e9
    own_span_s = (pl.col("t").filter(own).max() - pl.col("t").filter(own).min()) / 1e9
    numbered = messages.with_columns(epoch=_epoch())
    rates = numbered.group_by("src").agg(
        kinds=pl.col("kind").filter(own).unique().sort().str.join("+"),
        count=pl.len(),
        rate_hz=pl.when(own_span_s > 0).then((own.sum() - 1) / own_span_s),
        span_s=span_s,
        restarts=pl.col("epoch").max(),
        late_p50_ms=late_ms.quantile(0.5, "linear"),
        late_p90_ms=late_ms.quantile(0.9, "linear"),
        late_max_ms=late_ms.max(),
    )
    return rates.join(_losses(numbered), on="src").sort("kinds", "src")


def _epoch() -> pl.Expr:
    """Count the restarts of a source so far: seq falls back although the measurement is newer than before."""
    newer = pl.col("t") > pl.col("t").cum_max().shift(1)
    fallen = pl.col("seq").shift(1) - pl.col("seq")
    restarted = newer & ((fallen > REORDER_SEQ_MAX) | ((pl.col("seq") == 0) & (fallen > 0)))
    return restarted.fill_null(False).cum_sum().over("src")


def _losses(numbered: pl.DataFrame) -> pl.DataFrame:
    """Return src, gaps (messages that never came) and duplicates, summed over a source's restarts."""
    seq = pl.col("seq")
    runs = numbered.group_by("src", "epoch").agg(
        gaps=seq.max() - seq.min() + 1 - seq.n_unique().cast(pl.Int64),
        duplicates=pl.len() - seq.n_unique(),
    )
    return runs.group_by("src").agg(pl.col("gaps", "duplicates").sum())


def by_kind(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table of sources with one row for each combination of kinds: sums, medians, the worst."""
    return (
        table.group_by("kinds")
        .agg(
            (pl.len().cast(pl.String) + " sources").alias("src"),
            pl.col("count", "restarts", "gaps", "duplicates").sum(),
            pl.col("rate_hz", "late_p50_ms", "late_p90_ms").median(),
            pl.col("span_s", "late_max_ms").max(),
        )
        .select(table.columns)
        .sort("kinds")
    )
