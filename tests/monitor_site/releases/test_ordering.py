"""Which release is the later one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.releases.ordering import compare_versions, is_later, parse_version

IN_ORDER = [
    "shop@1.0.0-alpha",
    "shop@1.0.0-alpha.1",
    "shop@1.0.0-alpha.beta",
    "shop@1.0.0-beta",
    "shop@1.0.0-beta.2",
    "shop@1.0.0-beta.11",
    "shop@1.0.0-rc.1",
    "shop@1.0.0",
    "shop@1.0.1",
    "shop@1.2",
    "shop@1.10.0",
    "shop@1.10.0.3",
    "shop@2.0.0",
]


def known(**seen: float):
    return lambda version: seen.get(version)


@pytest.mark.parametrize(("earlier", "later"), list(itertools.combinations(IN_ORDER, 2)))
def test_versions_of_one_package_are_ordered_as_semantic_versioning_says(earlier: str, later: str) -> None:
    # When they were seen says the opposite: a hotfix of an old line comes after the new line.
    seen = {earlier: 2.0, later: 1.0}.get
    assert is_later(later, earlier, seen)
    assert not is_later(earlier, later, seen)


def test_builds_of_one_version_are_ordered_by_their_numbers() -> None:
    assert compare_versions("shop@1.0.0+10", "shop@1.0.0+9") == 1


def test_builds_that_are_hashes_are_ordered_by_when_they_were_seen() -> None:
    seen = known(**{"shop@1.0.0+beef": 1.0, "shop@1.0.0+abcd": 2.0})
    assert compare_versions("shop@1.0.0+beef", "shop@1.0.0+abcd") is None
    assert is_later("shop@1.0.0+abcd", "shop@1.0.0+beef", seen)
    assert not is_later("shop@1.0.0+beef", "shop@1.0.0+abcd", seen)


@pytest.mark.parametrize(
    "pair",
    [("web@2.0.0", "worker@1.0.0"), ("2.0.0", "worker@1.0.0"), ("4f1c2d9", "1234567"), ("main", "x@1.0")],
)
def test_what_has_no_common_order_is_ordered_by_when_it_was_seen(pair: tuple[str, str]) -> None:
    one, other = pair
    assert compare_versions(one, other) is None
    assert is_later(one, other, {one: 2.0, other: 1.0}.get)
    assert not is_later(one, other, {one: 1.0, other: 2.0}.get)
    assert not is_later(one, other, {one: 1.0, other: 1.0}.get)


def test_a_release_that_is_not_known_yet_is_later_than_all_that_are() -> None:
    assert is_later("9fceb02", "4f1c2d9", known(**{"4f1c2d9": 5.0}))
    assert not is_later("4f1c2d9", "9fceb02", known(**{"4f1c2d9": 5.0}))


@pytest.mark.parametrize(
    "text", ["1234567", "shop@12", "@1.0.0", "shop@", "1.2.3.4.5", "shop@1.0.0_rc", "", "١.٢"]
)
def test_what_is_no_version_is_none(text: str) -> None:
    assert parse_version(text) is None


def test_the_parts_of_a_version() -> None:
    found = parse_version("@scope/shop@v1.2.3-rc.1+4f1c")
    assert found is not None
    assert (found.package, found.text, found.build) == ("@scope/shop", "v1.2.3-rc.1+4f1c", "4f1c")


VERSIONS = st.one_of(
    st.sampled_from(IN_ORDER),
    st.text(max_size=30),
    st.from_regex(
        r"(a@|b@)?v?[0-9]{1,3}(\.[0-9]{1,3}){1,3}(-[a-z0-9.]{1,6})?(\+[a-z0-9]{1,4})?", fullmatch=True
    ),
)


@given(VERSIONS, VERSIONS)
def test_of_two_releases_at_most_one_is_later(one: str, other: str) -> None:
    seen = {one: 1.0, other: 2.0}.get
    assert not (is_later(one, other, seen) and is_later(other, one, seen))
    by_name, turned = compare_versions(one, other), compare_versions(other, one)
    assert (by_name is None) == (turned is None)
    assert by_name is None or turned is None or by_name == -turned
