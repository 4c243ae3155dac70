import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.protocol import ProtocolError, load_json


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'{"a":NaN,"b":-Infinity,"c":Infinity}', {"a": None, "b": None, "c": None}),
        (b'{"a":"\\ud800x"}', {"a": "\ufffdx"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a":"x\x00y\nz"}', {"a": "x\x00y\nz"}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (b"\xef\xbb\xbf[1]", [1]),
        (b"[1e999]", [None]),
        (b"[" + b"9" * 5000 + b",NaN]", [None, None]),
    ],
)
def test_what_sdks_really_send_is_made_such_that_it_can_be_stored(data, value):
    found = load_json(data)

    assert found == value
    str(found).encode()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\x00", b"[" * 2_000_000, b'{"a":' * 100_000, b"[NaN," * 50_000]
)
def test_what_is_no_json_or_too_deep_is_refused(data):
    with pytest.raises(ProtocolError) as raised:
        load_json(data)

    assert raised.value.status == 400


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=50), st.text(alphabet='{}[]",:\\ud8NaI1e-. \x00', max_size=40).map(str.encode)
    )
)
def test_any_bytes_are_a_value_or_a_protocol_error(data):
    with contextlib.suppress(ProtocolError):
        str(load_json(data)).encode()
