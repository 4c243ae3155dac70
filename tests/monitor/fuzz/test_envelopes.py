"""The envelope parser, and what follows it, under a coverage-guided fuzzer: no exception, no hang."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from monitor.protocol import serialise_envelope

ROOT = Path(__file__).parents[3]
EVENT = (
    b'{"message":{"message":"%s in %(name)s","params":["a"]},"level":"error","timestamp":"2026-11-29T10:00:00Z",'
    b'"exception":{"values":[{"type":"ValueError","value":"bad 0x7f00","stacktrace":{"frames":[{"function":"f",'
    b'"filename":"a.py","lineno":3,"in_app":true,"vars":{"password":"x"},"context_line":"f()"}]},'
    b'"mechanism":{"type":"django","handled":false}}]},"breadcrumbs":{"values":[{"message":"SELECT 1","data":{}}]},'
    b'"request":{"url":"http://a/?q=1","headers":[["Cookie","a=b"]],"data":"token=1"},'
    b'"user":{"id":1,"ip_address":"{{auto}}"},'
    b'"tags":[["a","b"]],"contexts":{"trace":{"trace_id":"0af7651916cd43dd8448eb211c80319c"}},'
    b'"fingerprint":["{{ default }}","x"]}'
)

needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this platform"
)


def fuzz(corpus: Path, seconds: int) -> None:
    """Raises AssertionError with the end of what libFuzzer printed, in which the input stands as base64."""
    envelope = serialise_envelope(
        {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc"}, [({"type": "event"}, EVENT)]
    )
    for name, body in (
        ("plain", b"\x00" + envelope),
        ("deflate", b"\x02" + zlib.compress(envelope)),
        ("small", b'\x07{}\n{"type":"session"}\n{}\n'),
        ("several", b'\x0f{}\n{"type":"attachment","length":3}\nabc\n{"type":"event"}\n{"message":"x"}\n'),
    ):
        (corpus / name).write_bytes(body)
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.monitor.fuzz.envelopes",
            f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1",
            f"-artifact_prefix={corpus}/", str(corpus),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds + 120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    assert "stat::number_of_executed_units" in done.stderr


@needs_atheris
def test_ten_seconds_find_nothing(tmp_path: Path) -> None:
    fuzz(tmp_path, 10)


@needs_atheris
@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_ten_minutes_find_nothing(tmp_path: Path) -> None:
    fuzz(tmp_path, 600)
