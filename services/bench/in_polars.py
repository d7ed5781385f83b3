"""The live count in Polars: lazily, from the events in Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import polars as pl
import pyarrow as pa

_KEYS = ("source", "id")
_END = pl.lit(None, pl.Datetime("us", "UTC"))


def counted(file: Path, weeks: pa.Table) -> pa.Table:
    """Give municipality, sector, week and how many pupils are not reached, as all is known."""
    standing = _standing(file)
    cells = _stays(standing).join(cast("pl.DataFrame", pl.from_arrow(weeks)).lazy(), on=["sector", "municipality"])
    tau = pl.col("tau")
    cells = cells.filter(
        (pl.col("began") < tau)
        & (pl.col("ended").is_null() | (tau <= pl.col("ended")))
        & (pl.col("arrived").is_null() | (pl.col("arrived") < tau))
        & (pl.col("departed").is_null() | (tau <= pl.col("departed")))
    )
    return cells.group_by("municipality", "sector", "week").agg(pl.len().alias("unreached")).collect().to_arrow()


def _standing(file: Path) -> pl.LazyFrame:
    """The first recorded of each source and id, but for what was retracted."""
    columns = ["position", *_KEYS, "kind", "recorded_at", "occurred_at", "pupil", "sector", "municipality"]
    events = pl.scan_parquet(file).select(*columns, "retracts_source", "retracts_id")
    first = events.sort("recorded_at", "position").unique(_KEYS, keep="first", maintain_order=True)
    retractions = first.filter(pl.col("kind") == "report-retracted").select("retracts_source", "retracts_id")
    return first.join(retractions, left_on=_KEYS, right_on=["retracts_source", "retracts_id"], how="anti")


def _stays(standing: pl.LazyFrame) -> pl.LazyFrame:
    """Intervals in which a pupil is not reached, by where the pupil lives; a null has no beginning or no end."""
    lost = pl.col("kind") == "contact-lost"
    contact = (
        standing.filter(pl.col("kind").is_in(["contact-lost", "contact-restored"]))
        .with_columns(lost.alias("lost"))
        .sort("pupil", "occurred_at", "lost", *_KEYS, descending=[False, False, True, False, False])
        .with_columns(
            pl.col("lost").shift().over("pupil").alias("previous"),
            pl.when(~pl.col("lost")).then(pl.col("occurred_at")).backward_fill().over("pupil").alias("ended"),
        )
    )
    intervals = contact.filter(
        pl.col("lost")
        & ~pl.col("previous").fill_null(value=False)
        & (pl.col("ended").is_null() | (pl.col("ended") != pl.col("occurred_at")))
    ).select("pupil", "sector", pl.col("occurred_at").alias("began"), "ended")
    return intervals.join(_residences(standing), on="pupil", how="left").with_columns(
        pl.col("municipality").fill_null("unknown")
    )


def _residences(standing: pl.LazyFrame) -> pl.LazyFrame:
    """Where a pupil lives and from when to when: what the first statement says holds before it too."""
    stated = standing.filter(
        pl.col("municipality").is_not_null() & pl.col("kind").is_in(["contact-lost", "residence-established"])
    ).sort("pupil", "occurred_at", *_KEYS)
    first = stated.unique("pupil", keep="first", maintain_order=True).select(
        "pupil", _END.alias("arrived"), "municipality"
    )
    last = stated.unique(["pupil", "occurred_at"], keep="last", maintain_order=True).select(
        "pupil", pl.col("occurred_at").alias("arrived"), "municipality"
    )
    return (
        pl.concat([first, last])
        .sort("pupil", "arrived", nulls_last=False)
        .with_columns(pl.col("arrived").shift(-1).over("pupil").alias("departed"))
    )
