"""What is downloaded: the bytes as sent, the Parquet, and a CSV that a spreadsheet only reads."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
from django.test import Client
from django.urls import reverse

from data_tools.downloads import csv_chunks
from data_tools.models import DataSource
from tests.data_tools.conftest import csv_text


def _get(client: Client, source: DataSource, form: str) -> tuple[int, bytes, str]:
    response = client.get(reverse("data:download", args=[source.id, form]))
    body = b"".join(response.streaming_content) if response.streaming else b""  # type: ignore[attr-defined]
    return response.status_code, body, response.get("Content-Disposition", "")


def test_each_form_of_the_file_comes_down_whole(owner_client: Client, ready: DataSource) -> None:
    assert _get(owner_client, ready, "original")[1] == csv_text()
    assert _get(owner_client, ready, "parquet")[1] == ready.parquet_file.read_bytes()
    _status, body, name = _get(owner_client, ready, "csv")
    assert body.startswith(b"date,precipitation_mm,discharge_m3s,note\n2001-01-01,1.5,2.83168")
    assert name == 'attachment; filename="gauge.csv"'


def test_a_name_made_to_break_the_header_or_the_folder_does_neither(
    owner_client: Client, make_source: Callable[..., DataSource]
) -> None:
    source = make_source(name='../..\\x"; y.csv')
    name = _get(owner_client, source, "original")[2]
    assert name.startswith("attachment; filename=")
    assert "\n" not in name
    assert source.upload_file.is_relative_to(source.directory)


def test_what_is_not_there_is_not_found(owner_client: Client, make_source: Callable[..., DataSource]) -> None:
    waiting = make_source()
    for form in ("csv", "parquet", "secrets"):
        assert _get(owner_client, waiting, form)[0] == 404
    waiting.upload_file.unlink()
    assert _get(owner_client, waiting, "original")[0] == 404


def test_text_that_a_spreadsheet_would_execute_is_text(tmp_path: Path) -> None:
    cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "plain", "a=b", None]
    pl.DataFrame({"date": ["2001-01-01"] * 8, "note": cells, "q": [-1.5] * 8}).write_parquet(tmp_path / "p")
    lines = b"".join(csv_chunks(tmp_path / "p", chunk_rows=3)).decode().splitlines()
    notes = [line.split(",")[1].strip('"') for line in lines[1:]]
    assert notes == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "plain", "a=b", ""]
    assert all(line.endswith(",-1.5") for line in lines[1:])
    assert lines.count("date,note,q") == 1
