"""Data sources as files again: the upload, the Parquet, and a CSV that no spreadsheet will execute."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from data_tools.models import DataSource

CSV_ROWS = 20_000
# A cell that begins so is a formula to a spreadsheet; an apostrophe makes it text. Numbers are left as they are.
FORMULA_STARTS = "^([=+\\-@\\t\\r])"


def response_for(source: DataSource, form: str) -> HttpResponseBase:
    """Stream the file as a download. Raises Http404 for a form that the data source does not have."""
    stem = Path(source.name).name.removesuffix(".gz").removesuffix(".csv") or "data"
    if form == "original" and source.upload_path:
        return _file(source.upload_file, source.original_name)
    if form == "parquet" and source.is_ready:
        return _file(source.parquet_file, f"{stem}.parquet")
    if form == "csv" and source.is_ready:
        if not source.parquet_file.is_file():
            raise Http404("The file is no longer there.")
        response = StreamingHttpResponse(
            csv_chunks(source.parquet_file), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = content_disposition_header(True, f"{stem}.csv")
        return response
    raise Http404("The data source has no such file.")


def csv_chunks(parquet: Path, *, chunk_rows: int = CSV_ROWS) -> Iterator[bytes]:
    """The Parquet file as CSV, a slice of rows at a time. Text cells that a spreadsheet would execute are quoted."""
    table = pl.scan_parquet(parquet)
    rows = table.select(pl.len()).collect().item()
    table = table.with_columns(pl.col(pl.String).str.replace(FORMULA_STARTS, "'$1"))
    for start in range(0, max(rows, 1), chunk_rows):
        text = table.slice(start, chunk_rows).collect().write_csv(include_header=start == 0)
        yield text.encode()


def _file(path: Path, name: str) -> FileResponse:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Http404("The file is no longer there.") from None
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
