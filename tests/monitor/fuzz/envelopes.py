"""A program for atheris: any bytes are an envelope or a ProtocolError, and any event in it can be read, scrubbed, grouped.

    python -m tests.monitor.fuzz.envelopes -max_total_time=60 [corpus]

libFuzzer's options; it looks for inputs that reach lines which none has reached before. An exception, or a run of more
than `-timeout` seconds, ends it with the input that did it in a file named `crash-…` or `timeout-…`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["monitor"]):
    from monitor.events import EventScrubber, normalise
    from monitor.grouping import Grouper
    from monitor.protocol import EnvelopeScanner, ProtocolError, decode_whole, parse_envelope
    from monitor.protocol.json_payload import load_object
    from strategy import load_strategy

RECEIVED = 1_800_000_000.0
ENCODINGS: tuple[tuple[str, ...], ...] = ((), ("gzip",), ("deflate",), ("br",), ("zstd",))
BODY_MAX = 1 << 20
SCRUBBER = EventScrubber.of_strategy(load_strategy())
GROUPER = Grouper()


def one_input(data: bytes) -> None:
    """The first byte chooses the encoding and how the envelope is cut; the rest is the body."""
    if not data:
        return
    choice, body = data[0], data[1:]
    try:
        envelope = decode_whole(body, ENCODINGS[choice % len(ENCODINGS)], BODY_MAX)
        parsed = parse_envelope(envelope)
    except ProtocolError:
        return
    _cut_is_the_same(envelope, step=1 + choice // len(ENCODINGS), items=len(parsed.items))
    for item in parsed.items:
        _ = item.quantities
        try:
            raw = load_object(item.payload)
        except ProtocolError:
            continue
        event = normalise(raw, received=RECEIVED, event_id=parsed.event_id)
        SCRUBBER.scrub(event)
        GROUPER.group(event)


def _cut_is_the_same(envelope: bytes, *, step: int, items: int) -> None:
    scanner = EnvelopeScanner()
    for start in range(0, len(envelope), step):
        scanner.feed(envelope[start : start + step])
    scanner.finish()
    if len(scanner.spans) != items:
        raise AssertionError(f"{len(scanner.spans)} items in pieces of {step}, {items} in one")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
