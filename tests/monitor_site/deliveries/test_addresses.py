"""Which addresses may be asked, and that what is asked is what was judged."""

from __future__ import annotations

import socket
import threading
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.dispatch import outgoing
from monitor.alerts.dispatch.addresses import place_of, why_refused
from monitor.alerts.dispatch.errors import AddressError, DeliveryError
from monitor.alerts.dispatch.outgoing import ANSWER_MAX, ask, post, retry_after_s
from tests.monitor_site.deliveries.receivers import Got, Reply, receiving

ALWAYS_REFUSED = [
    "169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "fe80::1", "224.0.0.1", "ff02::1",
    "0.0.0.0", "::", "255.255.255.255", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
]  # fmt: skip
PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "::1", "fc00::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "100.64.0.1", "192.0.2.1", "2001:db8::1",
]  # fmt: skip


def looks_up(*ips: str) -> Any:
    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    return look_up


@pytest.mark.parametrize("ip", ALWAYS_REFUSED)
def test_link_local_metadata_and_multicast_are_refused_whatever_a_channel_allows(ip: str) -> None:
    for allow in (False, True):
        with pytest.raises(AddressError):
            place_of("https://hooks.example.org/a", allow_private=allow, look_up=looks_up(ip))


@pytest.mark.parametrize("ip", PRIVATE)
def test_what_is_inside_a_network_is_refused_unless_it_is_allowed(ip: str) -> None:
    with pytest.raises(AddressError, match="allow_private_addresses"):
        place_of("https://hooks.example.org/a", look_up=looks_up(ip))
    place = place_of("https://hooks.example.org/a", allow_private=True, look_up=looks_up(ip))
    assert place.ips == (ip,)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public_is_asked(ip: str) -> None:
    assert place_of("https://hooks.example.org/a", look_up=looks_up(ip)).ips == (ip,)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(AddressError):
        place_of("https://hooks.example.org/a", look_up=looks_up("8.8.8.8", "10.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "//example.org/", "example.org/a", "",
        "http://", "http://[::1", "http://user:secret@example.org/", "http://example.org:99999/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_other_schemes_names_and_passwords_are_refused(url: str) -> None:
    with pytest.raises(AddressError) as refused:
        place_of(url, look_up=looks_up("8.8.8.8"))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://[::1]/"],
)
def test_a_loopback_address_in_disguise_is_one(url: str) -> None:
    with pytest.raises(DeliveryError):
        place_of(url)


@given(st.integers(0, 2**32 - 1))
def test_an_address_wrapped_in_another_is_judged_as_what_it_is(number: int) -> None:
    inner = IPv4Address(number)
    wrapped = IPv6Address(int(ip_address("::ffff:0:0")) | number)
    for allow in (False, True):
        assert why_refused(wrapped, allow_private=allow) == why_refused(inner, allow_private=allow)
    if not inner.is_global:
        assert why_refused(inner)


def test_the_message_never_holds_the_path() -> None:
    with pytest.raises(AddressError) as refused:
        place_of("https://hooks.example.org/services/SECRET?key=SECRET", look_up=looks_up("10.0.0.1"))
    assert "SECRET" not in str(refused.value)
    assert "hooks.example.org" in str(refused.value)


def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that means something else the second time gets nobody anywhere."""
    asked = []

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return looks_up("127.0.0.1" if len(asked) == 1 else "10.1.2.3")(host, port)

    with receiving() as receiver:
        port = receiver.url.rpartition(":")[2]
        place = place_of(f"http://rebound.example:{port}/x", allow_private=True, look_up=look_up)
        monkeypatch.setattr(outgoing, "place_of", lambda url, allow_private: place)
        answer = ask(
            "POST",
            f"http://rebound.example:{port}/x",
            headers={},
            content=b"1",
            timeout_s=20,
            allow_private=True,
        )
    assert answer.is_good
    assert asked == ["rebound.example"]
    assert receiver.got[0].headers["host"] == f"rebound.example:{port}"


def test_a_receiver_on_this_machine_is_refused_by_default() -> None:
    with receiving() as receiver, pytest.raises(AddressError):
        post(receiver.url, {}, timeout_s=5)
    assert receiver.got == []


def test_redirects_are_not_followed() -> None:
    with receiving(lambda got: Reply(302, headers={"Location": "/elsewhere"})) as receiver:
        with pytest.raises(DeliveryError, match="redirects are not followed") as failed:
            post(receiver.url, {}, timeout_s=20, allow_private=True)
        assert failed.value.permanent
        assert [one.path for one in receiver.got] == ["/"]


def test_an_answer_is_read_up_to_a_bound() -> None:
    with receiving(lambda got: Reply(body=b"x" * (ANSWER_MAX * 4))) as receiver:
        answer = post(receiver.url, {}, timeout_s=30, allow_private=True)
    assert len(answer.body) == ANSWER_MAX


def test_a_receiver_that_trickles_is_left_when_the_time_is_over() -> None:
    """Each single read would be quick enough; all of them together are not."""
    server = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def trickle() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not done.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=trickle)
    thread.start()
    started = time.monotonic()
    try:
        with pytest.raises(DeliveryError, match="no whole answer within 1 s"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, timeout_s=1, allow_private=True)
    finally:
        done.set()
        thread.join()
        server.close()
    # It would go on for ever; the bound is wide, for busy machines.
    assert time.monotonic() - started < 60


def test_nobody_there_is_told_with_the_host_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError) as failed:
        post(f"http://127.0.0.1:{port}/SECRET", {}, timeout_s=5, allow_private=True)
    assert "127.0.0.1" in failed.value.problem
    assert "SECRET" not in failed.value.problem
    assert not failed.value.permanent


def test_a_header_that_cannot_be_written_is_not_quoted() -> None:
    with receiving() as receiver, pytest.raises(DeliveryError) as failed:
        post(receiver.url, {}, timeout_s=5, allow_private=True, headers={"Authorization": "Bearer SECRET\n"})
    assert "SECRET" not in failed.value.problem
    assert failed.value.permanent


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "throttled", "wait"),
    [
        (400, {}, True, False, None),
        (401, {}, False, False, None),
        (404, {}, False, False, None),
        (410, {}, True, False, None),
        (413, {}, True, False, None),
        (422, {}, True, False, None),
        (429, {"Retry-After": "7"}, False, True, 7.0),
        (403, {}, False, False, None),
        (403, {"Retry-After": "60"}, False, True, 60.0),
        (500, {}, False, False, None),
        (503, {"Retry-After": "999999"}, False, False, 3600.0),
    ],
)
def test_what_a_status_means_for_another_try(
    status: int, headers: dict[str, str], permanent: bool, throttled: bool, wait: float | None
) -> None:
    def answers(got: Got) -> Reply:
        return Reply(status, b"why not\nand so on", headers)

    with receiving(answers) as receiver, pytest.raises(DeliveryError) as failed:
        post(receiver.url, {}, timeout_s=20, allow_private=True)
    error = failed.value
    assert (error.permanent, error.throttled, error.retry_after_s) == (permanent, throttled, wait)
    assert error.problem == f"{status}: why not and so on"


def test_retry_after_may_be_a_date_or_githubs() -> None:
    now = 1_800_000_000.0
    assert retry_after_s({"retry-after": "Fri, 15 Jan 2027 08:01:40 GMT"}, now) == 100.0
    assert retry_after_s({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, now) == 0.0
    assert retry_after_s({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000030"}, now) == 30.0
    assert retry_after_s({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1800000030"}, now) is None


@given(st.text(max_size=40))
def test_any_retry_after_is_a_bounded_wait_or_none(text: str) -> None:
    wait = retry_after_s({"retry-after": text}, 1_800_000_000.0)
    assert wait is None or 0 <= wait <= 3600
