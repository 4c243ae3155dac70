import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from core.sentry.spool.entry import Entry, Priority, parse_entry
from core.sentry.spool.wire import BrokenEnvelopeError, prepare, priority_of, quantities_of, serialise

KINDS = st.sampled_from(
    ["event", "transaction", "sessions", "attachment", "check_in", "log", "feedback", "unheard_of"]
)
PAYLOADS = st.one_of(st.binary(max_size=3000), st.text(max_size=300).map(str.encode))
ITEMS = st.lists(st.tuples(KINDS, PAYLOADS), min_size=1, max_size=5)


def envelope_of(items: list[tuple[str, bytes]]) -> Envelope:
    return Envelope(
        headers={"event_id": "f" * 32, "dsn": "https://key@host/1", "sent_at": "then"},
        items=[Item(payload, type=kind) for kind, payload in items],
    )


def sent(raw: bytes, limited: frozenset[str] = frozenset()) -> Envelope | None:
    outgoing = prepare(raw, limited.__contains__)
    if outgoing is None:
        return None
    packed = outgoing.headers.get("Content-Encoding") == "gzip"
    head, _, rest = (gzip.decompress(outgoing.body) if packed else outgoing.body).partition(b"\n")
    envelope = Envelope(headers=json.loads(head))
    while rest:
        line, _, rest = rest.partition(b"\n")
        headers = json.loads(line)
        envelope.add_item(Item(rest[: headers["length"]], headers=headers))
        rest = rest[headers["length"] + 1 :]
    return envelope


@settings(max_examples=60, deadline=None)
@given(items=ITEMS)
def test_what_is_sent_is_what_was_captured_but_for_dsn_and_time(items: list[tuple[str, bytes]]) -> None:
    envelope = sent(serialise(envelope_of(items)))
    assert envelope is not None
    assert [(item.type, item.get_bytes()) for item in envelope.items] == items
    assert envelope.headers.pop("sent_at") != "then"
    assert envelope.headers == {"event_id": "f" * 32}


@settings(max_examples=60, deadline=None)
@given(items=ITEMS, cut=st.integers(min_value=1, max_value=4000))
def test_a_file_cut_short_anywhere_is_broken_or_shorter_by_whole_items(
    items: list[tuple[str, bytes]], cut: int
) -> None:
    whole = serialise(envelope_of(items))
    try:
        envelope = sent(whole[: max(0, len(whole) - cut)])
    except BrokenEnvelopeError:
        return
    if envelope is not None:
        arrived = [(item.type, item.get_bytes()) for item in envelope.items]
        assert arrived == items[: len(arrived)]


def test_an_item_of_negative_length_is_broken_and_not_read_for_ever() -> None:
    """Of this length the second item would end where it begins."""
    first = b'{"type":"event","length":2}\n{}\n'
    with pytest.raises(BrokenEnvelopeError):
        sent(b"{}\n" + first + b'{"type":"event","length":-31}\n')


def test_a_limited_category_is_left_out_and_the_rest_is_sent() -> None:
    raw = serialise(envelope_of([("event", b"{}"), ("attachment", b"abc")]))
    envelope = sent(raw, frozenset({"attachment"}))
    assert envelope is not None
    assert [item.type for item in envelope.items] == ["event"]
    assert sent(raw, frozenset({"attachment", "error"})) is None


def test_an_envelope_is_as_important_as_its_most_important_item() -> None:
    assert priority_of(envelope_of([("attachment", b""), ("event", b"{}")])) == Priority.ERRORS
    assert priority_of(envelope_of([("unheard_of", b"")])) == Priority.SAMPLES


def test_losses_are_counted_as_the_sdk_counts_them() -> None:
    transaction = Item(PayloadRef(json={"spans": [{}, {}]}), type="transaction")
    logs = Item(b"{}", type="log", headers={"item_count": 9})
    assert quantities_of(transaction) == {"transaction": 1, "span": 3}
    assert quantities_of(logs)["log_item"] == 9
    assert quantities_of(Item(b"12345", type="attachment")) == {"attachment": 5}


@settings(max_examples=60, deadline=None)
@given(
    priority=st.sampled_from(Priority),
    sequence=st.integers(0, 10**12),
    size=st.integers(0, 10**9),
    event_id=st.text("0123456789abcdef", max_size=32),
    quantities=st.dictionaries(st.sampled_from(["error", "span", "log_item"]), st.integers(0, 10**9)),
)
def test_a_file_name_says_all_about_its_entry(
    priority: Priority, sequence: int, size: int, event_id: str, quantities: dict[str, int]
) -> None:
    entry = Entry(priority, sequence, 1763700000123, size, event_id, quantities, Path("there"))
    assert entry.path is not None
    again = parse_entry(entry.path)
    assert again is not None
    for name in ("priority", "sequence", "captured_ms", "size", "event_id", "quantities", "directory"):
        assert getattr(again, name) == getattr(entry, name)


@pytest.mark.parametrize(
    "name", ["lock", "counts", ".writing-3", "9.1.2.3.-.error=1.envelope", "0.1.2.3.-.x.envelope"]
)
def test_other_files_are_no_entries(name: str) -> None:
    assert parse_entry(Path(name)) is None
