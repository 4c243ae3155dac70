"""Writes a stream of frames as one Parquet file, encoding in polars' threads while the next frame is read."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source


def write_parquet(
    frames: Iterator[pl.DataFrame], schema: pl.Schema, target: Path, *, row_group_rows: int
) -> None:
    """Writes the frames in their order. An exception of `frames` comes out as it is.

    LZ4, not Zstandard: three times as fast to write, twice the size on disk, still half of the CSV.
    """
    failure: list[BaseException] = []

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        try:
            yield from frames
        except BaseException as error:  # polars would turn it into an error of its own
            failure.append(error)
            raise

    lazy = register_io_source(source, schema=schema)
    try:
        lazy.sink_parquet(target, compression="lz4", row_group_size=row_group_rows, maintain_order=True)
    except BaseException:
        if failure:
            raise failure[0] from None
        raise
