"""Messages as they are really logged, and what is left of them for grouping."""

import time

import pytest

from monitor.grouping.messages import parameterised

MESSAGES = [
    ("Order 4711 failed", "Order <number> failed"),
    (
        "took 3.25 s, 1,024 rows, -17 °C, 12ms, 5e-3",
        "took <number> s, <number> rows, <number> °C, <number>ms, <number>",
    ),
    ("job_42 and worker3", "job_<number> and worker<number>"),
    ("No object fc6d8c0c-43fc-4630-ad85-0ee518f1b9d0", "No object <uuid>"),
    ("No object FC6D8C0C43FC4630AD850EE518F1B9D0", "No object <uuid>"),
    ("commit 3f2a9c1 of main", "commit <hex> of main"),
    ("digest 9a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "digest <hex>"),
    ("<Gauge object at 0x7f3a21c0>", "<Gauge object at <hex>>"),
    ("late since 2026-11-21T10:15:30.123Z", "late since <date>"),
    ("late since 2026-11-21 10:15:30+01:00", "late since <date>"),
    ("on 2026-11-21 at 10:15:30,123", "on <date> at <date>"),
    ("Sat, 21 Nov 2026 10:15:30 GMT", "<date>"),
    ("Nov 21 10:15:30 host river[123]: died", "<date> host river[<number>]: died"),
    ("mail to ada.lovelace+x@mail.example.org bounced", "mail to <email> bounced"),
    ("GET https://x.org/a/b?c=1#d gave 502", "GET <url> gave <number>"),
    ("connect to 10.0.0.5:5432 failed", "connect to <ip> failed"),
    ("connect to 2001:db8::1 failed", "connect to <ip> failed"),
    ("connect to fe80:0:0:0:202:b3ff:fe1e:8329 failed", "connect to <ip> failed"),
    ("device 00:1a:2b:3c:4d:5e left", "device <mac> left"),
    ("No such file: /srv/data/uploads/a1.csv", "No such file: <path>"),
    ("No such file: '/srv/my data/a.csv'", "No such file: <text>"),
    (r"No such file: C:\Users\ada\a.csv", "No such file: <path>"),
    ("cannot open ../river/data.csv now", "cannot open <path> now"),
    ('column "stage" does not exist', "column <text> does not exist"),
    ("'NoneType' object has no attribute 'read'", "<text> object has no attribute <text>"),
    ("can't read the gauge's data", "can't read the gauge's data"),
    ("field `stage` is “odd”", "field <text> is <text>"),
    ("user [Filtered] is locked", "user <secret> is locked"),
    ("token dGhpcyBpcyBhIHRva2VuIDEyMw== is stale", "token <token> is stale"),
    ("read/write error on input/output", "read/write error on input/output"),
    ("Deadbeef cafe added", "Deadbeef cafe added"),
    ("version 1.2.3 of river", "version <number> of river"),
    ("%s of %s failed", "%s of %s failed"),
    ("first line\n\n  second   line\nthird", "first line\nsecond line"),
    ("Überlauf bei Pegel 7", "Überlauf bei Pegel <number>"),
    ("", ""),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_what_varies_in_a_message_gives_way_to_what_it_is(message: str, expected: str) -> None:
    assert parameterised(message) == expected


@pytest.mark.parametrize(
    "unit", ["a", "1", "1.", "a@", "'", "/a", "0x", "a-", "1:", "aB3/", "2026-", "://", "::", "\\"]
)
def test_no_message_takes_long(unit: str) -> None:
    started = time.process_time()
    parameterised(unit * 8000)
    assert time.process_time() - started < 0.25
