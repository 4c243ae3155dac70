import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.protocol import (
    DEFAULT_LIMITS,
    EnvelopeScanner,
    ProtocolError,
    Reason,
    parse_envelope,
    serialise_envelope,
)

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
HEAD = b'{"event_id":"%b","dsn":"https://e12d836b15bb49d7bbf99e64295d995b:@sentry.io/42"}' % ID.encode()
EVENT = b'{"message":"hello world","level":"error"}'

# The examples of https://develop.sentry.dev/sdk/data-model/envelopes/ and of relay-server/src/envelope/mod.rs.
TWO_ITEMS = (
    HEAD + b'\n{"type":"attachment","length":10,"content_type":"text/plain","filename":"hello.txt"}\n'
    b"\xef\xbb\xbfHello\r\n\n"
    b'{"type":"event","length":41,"content_type":"application/json","filename":"application.log"}\n' + EVENT
)
EXAMPLES = [
    (HEAD, []),
    (HEAD + b"\n", []),
    (TWO_ITEMS, [b"\xef\xbb\xbfHello\r\n", EVENT]),
    (TWO_ITEMS + b"\n", [b"\xef\xbb\xbfHello\r\n", EVENT]),
    (HEAD + b'\n{"type":"attachment","length":0}\n\n{"type":"attachment","length":0}\n\n', [b"", b""]),
    (HEAD + b'\n{"type":"attachment","length":0}\n\n{"type":"attachment","length":0}\n', [b"", b""]),
    (HEAD + b'\n{"type":"attachment","length":0}\n\n{"type":"attachment","length":0}', [b"", b""]),
    (HEAD + b'\n{"type":"attachment"}\nhelloworld\n', [b"helloworld"]),
    (HEAD + b'\n{"type":"attachment"}\nhelloworld', [b"helloworld"]),
    (HEAD + b'\n{"type":"attachment"}\nhelloworld\r\n', [b"helloworld\r"]),
    (HEAD + b'\n{"type":"attachment"}\n', [b""]),
    (HEAD + b'\n{"type":"attachment"}', [b""]),
    (HEAD + b'\n{"type":"attachment","length":null}\nx\n', [b"x"]),
    (
        b'{}\n{"type":"session"}\n{"started":1}\n{"type":"session"}\n{"started":2}',
        [b'{"started":1}', b'{"started":2}'],
    ),
    (HEAD + b'\r\n{"type":"event","length":2}\r\n{}\n', [b"{}"]),
    (HEAD + b'\n\n{"type":"event","length":2}\n{}\n\n\n  \n', [b"{}"]),
    (
        HEAD + b'\n{"type":"of_next_year","length":3,"x":[1]}\na\nb\n{"type":"event","length":2}\n{}',
        [b"a\nb", b"{}"],
    ),
]


@pytest.mark.parametrize(("data", "payloads"), EXAMPLES)
def test_the_documented_examples_are_read(data, payloads):
    assert [item.payload for item in parse_envelope(data).items] == payloads


@pytest.mark.parametrize(("data", "payloads"), EXAMPLES)
def test_an_envelope_in_single_bytes_is_read_the_same(data, payloads):
    scanner = EnvelopeScanner()
    for number in range(len(data)):
        scanner.feed(data[number : number + 1])
    scanner.finish()

    assert [data[span.start : span.end] for span in scanner.spans] == payloads


def test_the_event_id_of_the_headers_is_read_with_and_without_dashes():
    dashes = b'{"event_id":"9EC79C33-EC99-42AB-8353-589FCB2E04DC"}'

    assert parse_envelope(dashes).event_id == parse_envelope(HEAD).event_id == ID
    assert parse_envelope(b"{}").event_id is None


def test_unknown_items_keep_headers_and_payload():
    (item,) = parse_envelope(b'{}\n{"type":"hologram","length":2,"more":1}\nhi').items

    assert (item.type, item.kind.known, item.headers["more"], item.payload) == ("hologram", False, 1, b"hi")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"no json\n",
        b"[]\n",
        b'{"event_id":"short"}\n',
        b'{"event_id":7}\n',
        b'{"a":"\\ud800"}\n',
        b"\x00\x00\x00",
        b'{"a":' + b"[" * 100_000 + b"\n",
        b"{}\n{}\nx",
        b'{}\n{"type":7}\nx',
        b"{}\nnonsense\n",
        b'{}\n{"type":"event","length":-1}\n',
        b'{}\n{"type":"event","length":1.5}\n',
        b'{}\n{"type":"event","length":true}\n\n',
        b'{}\n{"type":"event","length":"2"}\n{}',
        b'{}\n{"type":"event","length":1e400}\n{}',
        b'{}\n{"type":"event","length":3}\n{}',
        b'{}\n{"type":"event","length":2}\n{}x',
        b'{}\n{"type":"event","length":2}\n{}\r\n',
        b'{}\n{"type":"event","length":0}\n{"type":"event"}\n',
    ],
)
def test_what_is_no_envelope_is_refused_as_one(data):
    with pytest.raises(ProtocolError) as raised:
        parse_envelope(data)

    assert raised.value.reason is Reason.INVALID_ENVELOPE
    assert raised.value.status == 400


@pytest.mark.parametrize(
    "data",
    [
        b'{}\n{"type":"event","length":1048577}\n',
        b'{}\n{"type":"event"}\n' + b"x" * 1_048_577,
        b'{}\n{"type":"event","length":1}\n1\n{"type":"event","length":1}\n1\n',
        b'{}\n{"type":"event","length":1}\n1\n{"type":"transaction","length":1}\n1\n',
        b'{}\n{"type":"check_in","length":102401}\n',
        b'{}\n{"type":"attachment","length":104857601}\n',
        b"{}\n" + b'{"type":"attachment","length":1}\n1\n' * 31,
        b"{}\n" + b'{"type":"session"}\n{}\n' * 101,
        b"{}\n" + b'{"type":"unknown"}\n{}\n' * 101,
        b'{"a":"' + b"x" * 300_000,
    ],
)
def test_the_limits_are_kept_as_soon_as_they_are_passed(data):
    scanner = EnvelopeScanner()

    with pytest.raises(ProtocolError) as raised:
        scanner.feed(data)

    assert raised.value.status == 413


def test_a_million_tiny_items_cost_no_time():
    data = b"{}\n" + b'{"type":"x"}\n\n' * 1_000_000
    started = time.process_time()

    with pytest.raises(ProtocolError):
        parse_envelope(data)

    assert time.process_time() - started < 1


header_values = st.one_of(st.none(), st.booleans(), st.integers(-5, 50), st.text(max_size=5), st.floats())
pieces = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"\n", b"{}", b'{"type":"event"}', b'{"type":"event","length":3}', b"\r\n", HEAD]),
        st.builds(
            lambda name, length: json.dumps({"type": name, "length": length}).encode(),
            st.text(max_size=6),
            header_values,
        ),
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(pieces, st.integers(1, 40))
def test_any_bytes_are_an_envelope_or_a_protocol_error_however_they_are_cut(parts, step):
    data = b"\n".join(parts)
    try:
        whole = [item.payload for item in parse_envelope(data).items]
    except ProtocolError as error:
        whole = error.reason
    scanner = EnvelopeScanner(DEFAULT_LIMITS)
    try:
        for start in range(0, len(data), step):
            scanner.feed(data[start : start + step])
        scanner.finish()
        cut = [data[span.start : span.end] for span in scanner.spans]
    except ProtocolError as error:
        cut = error.reason

    assert whole == cut


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=8))
def test_what_is_serialised_is_read_back(payloads):
    made = serialise_envelope({"event_id": ID}, [({"type": "attachment"}, payload) for payload in payloads])

    found = parse_envelope(made)

    assert found.event_id == ID
    assert [item.payload for item in found.items] == payloads
