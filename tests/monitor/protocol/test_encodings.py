import contextlib
import gzip
import json
import random
import time
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.protocol import ProtocolError, Reason, decode, decode_whole, parse_content_encoding
from monitor.protocol.encodings import STEP

MIB = 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": lambda data: gzip.compress(data, 4),
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=2),
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("", ()),
        ("identity", ()),
        ("GZIP", ("gzip",)),
        ("x-gzip", ("gzip",)),
        ("gzip, br", ("gzip", "br")),
        (" identity ,zstd", ("zstd",)),
    ],
)
def test_content_encoding_is_read_in_the_order_applied(header, names):
    assert parse_content_encoding(header) == names


@pytest.mark.parametrize("header", ["compress", "gzip;q=1", "gzip, gzip, gzip, gzip"])
def test_other_content_encodings_are_refused_as_unsupported(header):
    with pytest.raises(ProtocolError) as raised:
        parse_content_encoding(header)

    assert raised.value.status == 415


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300_000), st.lists(st.sampled_from(sorted(PACKERS)), max_size=3))
def test_whatever_is_packed_in_a_chain_comes_out_again(data, names):
    packed = data
    for name in names:
        packed = PACKERS[name](packed)

    assert decode_whole(packed, tuple(names), MIB) == data


def like_a_profile(size):
    samples = [{"stack_id": number * 7919 % 31, "thread_id": "1"} for number in range(size // 30)]
    return json.dumps(samples).encode()


@pytest.mark.parametrize("name", sorted(PACKERS))
@pytest.mark.parametrize("size", [STEP - 1, STEP, STEP + 1, 2 * STEP, 100_000, 20 * STEP + 77])
@pytest.mark.parametrize("make", [bytes, like_a_profile, random.Random(7).randbytes])
def test_what_is_unpacked_in_many_steps_comes_out_whole(name, size, make):
    """A decoder can have taken all of a body and still have to give what the last step had no room for."""
    data = make(size)

    assert decode_whole(PACKERS[name](data), (name,), 2 * MIB) == data


@pytest.mark.parametrize("quality", [1, 4, 5, 11])
def test_brotli_of_every_quality_comes_out_whole(quality):
    for size in (80_000, 100_000, 300_000):
        data = like_a_profile(size)
        assert decode_whole(brotli.compress(data, quality=quality), ("br",), MIB) == data


def test_deflate_without_its_zlib_wrapper_is_tolerated():
    data = bytes(range(256)) * 1000

    assert decode_whole(raw_deflate(data), ("deflate",), MIB) == data


def test_gzip_of_several_members_is_one_body():
    assert decode_whole(gzip.compress(b"a") + gzip.compress(b"b"), ("gzip",), MIB) == b"ab"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(sorted(PACKERS)), st.integers(0, 400), st.integers(0, 255))
def test_broken_bodies_raise_a_protocol_error_and_nothing_else(data, name, position, byte):
    packed = bytearray(PACKERS[name](data * 10))
    packed[position % len(packed)] = byte
    for candidate in (bytes(packed), data, bytes(packed[: position % len(packed)])):
        with contextlib.suppress(ProtocolError):
            decode_whole(candidate, (name,), MIB)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_a_body_that_ends_too_early_is_known(name):
    packed = PACKERS[name](b"some data" * 100)

    with pytest.raises(ProtocolError) as raised:
        decode_whole(packed[:-6], (name,), MIB)

    assert raised.value.reason is Reason.INVALID_ENCODING


def _longest_chunk(body, names, limit):
    longest = 0
    for chunk in decode(body, names, limit):
        longest = max(longest, len(chunk))
        assert longest <= 3 * STEP
    return longest


@pytest.mark.parametrize("name", [*sorted(PACKERS), "raw deflate", "twice"])
def test_a_bomb_is_stopped_at_the_limit_and_costs_neither_memory_nor_time(name):
    zeros = bytes(64 * MIB)
    names = ("deflate",) if name == "raw deflate" else ("gzip", "gzip") if name == "twice" else (name,)
    bomb = raw_deflate(zeros) if name == "raw deflate" else PACKERS[names[0]](zeros)
    if name == "twice":
        bomb = gzip.compress(bomb, 4)
    del zeros
    tracemalloc.start()
    started = time.process_time()

    with pytest.raises(ProtocolError) as raised:
        _longest_chunk(bomb, names, 32 * MIB)

    took_s, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.reason is Reason.TOO_LARGE
    assert took_s < 2
    assert peak < 4 * MIB


def test_a_million_empty_gzip_members_cost_no_time():
    bomb = gzip.compress(b"") * 500_000
    started = time.process_time()

    with pytest.raises(ProtocolError) as raised:
        decode_whole(bomb, ("gzip",), MIB)

    assert raised.value.reason is Reason.INVALID_ENCODING
    assert time.process_time() - started < 1
