"""Three questions to a run, answered with polars and drawn: `python docs/notebooks/three_questions.py TABLES PNG`.

TABLES is what `aisle export FILE --parquet TABLES --store STORE --run OUT` wrote. Needs matplotlib:
`pip install 'aisle[pictures]'`. Cells are marked with `# %%`, so that editors run them one by one.

1. Where do people stand, and where do they take things? Long stands without a pick are where the shop loses sales.
2. Which doubts cost most? Money on receipt lines, by how sure the line is: what a review would have to look at.
3. How still are the plates? A plate that is noisy for its kind makes picks of light goods doubtful.
"""

# %%
import sys
from pathlib import Path

import matplotlib
import polars as pl

matplotlib.use("Agg")
from matplotlib import pyplot as plt

CELL_M = 0.5
SAMPLE_S = 0.1  # tracks hold a row this often
SURE = [0.5, 0.8, 0.95, 0.99]  # edges


# %%
def stands(tracks: pl.DataFrame) -> pl.DataFrame:
    """Return seconds that people spent in each cell of the floor, and how many accounts did."""
    cell = [(pl.col(axis) / CELL_M).floor().cast(pl.Int32).alias(axis) for axis in ("x", "y")]
    return (
        tracks.filter(pl.col("account").is_not_null())
        .with_columns(cell)
        .group_by("x", "y")
        .agg(seconds=pl.len() * SAMPLE_S, accounts=pl.col("account").n_unique())
        .sort("seconds", "x", "y", descending=[True, False, False])
    )


def busy(events: pl.DataFrame) -> pl.DataFrame:
    """Return picks and put-backs by gondola."""
    return (
        events.group_by(pl.col("gondola").fill_null("unknown"))
        .agg(picks=(pl.col("kind") == "pick").sum(), puts=(pl.col("kind") == "put").sum())
        .sort("picks", "gondola", descending=[True, False])
    )


# %%
def doubts(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines, money and expected error by how sure a line is."""
    sure = pl.lit(f"{SURE[-1]} and up")
    for p in reversed(SURE):
        sure = pl.when(pl.col("confidence") < p).then(pl.lit(f"below {p}")).otherwise(sure)
    return (
        lines.with_columns(sure=sure, wrong=(1.0 - pl.col("confidence")) * pl.col("amount"))
        .group_by("sure")
        .agg(lines=pl.len(), money=pl.col("amount").sum() / 100, expected_error=pl.col("wrong").sum() / 100)
        .sort(pl.col("sure").str.ends_with("up"), "sure")
    )


# %%
def noise(samples: pl.LazyFrame) -> pl.DataFrame:
    """Return the noise of each plate, g: the median step between samples, which goods that move leave be."""
    step = pl.col("g").diff().over("plate", order_by="t").abs()
    return (
        samples.with_columns(step=step)
        .drop_nulls("step")
        .group_by("plate")
        .agg(noise_g=pl.col("step").median() / 0.954, samples=pl.len())  # of a difference of two normal samples
        .sort("noise_g", "plate", descending=[True, False])
        .collect()
    )


# %%
def draw(where: pl.DataFrame, sure: pl.DataFrame, still: pl.DataFrame, png: Path) -> None:
    """Draw the three answers side by side."""
    figure, (floor, money, plates) = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
    size = 8 + 220 * where["seconds"] / max(1.0, where["seconds"].max() or 1.0)
    at = [(where[axis] + 0.5) * CELL_M for axis in ("x", "y")]
    dots = floor.scatter(*at, s=size, c=where["accounts"], cmap="cividis", edgecolor="k", linewidth=0.3)
    figure.colorbar(dots, ax=floor, label="accounts")
    floor.set(title="1. Where people stand (size: seconds)", xlabel="x, m", ylabel="y, m", aspect="equal")
    money.bar([k - 0.2 for k in range(sure.height)], sure["money"], 0.38, color="#0072B2", label="on lines")
    money.bar(
        [k + 0.2 for k in range(sure.height)], sure["expected_error"], 0.38, color="#D55E00", label="likely wrong"
    )
    money.set_xticks(range(sure.height), sure["sure"].to_list())
    money.set(title="2. Money by how sure a line is", ylabel="money", yscale="log")
    money.legend()
    plates.hist(still["noise_g"], bins=40, color="#009E73")
    plates.set(title="3. Noise of plates", xlabel="g, standard deviation of a sample", ylabel="plates", yscale="log")
    figure.savefig(png, dpi=110)
    plt.close(figure)


# %%
def main(tables: Path, png: Path) -> None:
    """Answer the three questions."""
    tracks, events, lines = (pl.read_parquet(tables / f"{name}.parquet") for name in ("tracks", "events", "lines"))
    where, by_gondola, sure = stands(tracks), busy(events), doubts(lines)
    still = noise(pl.scan_parquet(tables / "plates" / "part-*.parquet"))
    print(
        f"1. Most time is spent in these cells, counted in steps of {CELL_M} m:",
        where.head(5),
        "Goods move here:",
        by_gondola,
        sep="\n",
    )
    print("2. Money by how sure its line is:", sure, sep="\n")
    print("3. The noisiest plates:", still.head(5), sep="\n")
    draw(where, sure, still, png)
    print(png)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
