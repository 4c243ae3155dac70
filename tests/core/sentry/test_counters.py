import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.sentry import counters
from core.sentry.counters import (
    COUNTS_FILE,
    Counters,
    CountKey,
    fold_into_totals,
    owed,
    read_counts,
    read_counts_file,
)

LABELS = st.sampled_from(["error", "transaction", "spool_full", "before_send", ""])
ADDITIONS = st.lists(
    st.tuples(st.sampled_from(["captured", "dropped", "delivered"]), LABELS, LABELS, st.integers(1, 9))
)


def process_directory(spool: Path, name: str) -> Path:
    directory = spool / "host_7" / name
    directory.mkdir(parents=True)
    return directory


@settings(max_examples=30, deadline=None)
@given(before=ADDITIONS, after=ADDITIONS)
def test_a_reader_sees_every_count_whether_made_before_or_after_the_file(
    tmp_path_factory: object, before: list[tuple[str, str, str, int]], after: list[tuple[str, str, str, int]]
) -> None:
    path = tmp_path_factory.mktemp("counts") / COUNTS_FILE  # type: ignore[attr-defined]
    counted = Counters()
    for kind, reason, category, quantity in before:
        counted.add(kind, reason=reason, category=category, quantity=quantity)
    counted.attach(path)
    for kind, reason, category, quantity in after:
        counted.add(kind, reason=reason, category=category, quantity=quantity)
    assert read_counts_file(path) == counted.snapshot()
    assert counted.snapshot().total() == sum(addition[3] for addition in before + after)
    counted.hand_over()


def test_a_dead_process_is_counted_once_before_and_after_it_is_folded(tmp_path: Path) -> None:
    for name, quantity in (("one", 3), ("two", 4)):
        counted = Counters()
        counted.attach(process_directory(tmp_path, name) / COUNTS_FILE)
        counted.add("dropped", reason="spool_full", category="error", quantity=quantity)
        counted.hand_over()
    key = CountKey("dropped", "spool_full", "error")
    assert read_counts(tmp_path)[key] == 7
    debt = fold_into_totals(tmp_path / "host_7" / "one")
    assert debt == {CountKey("owed", "spool_full", "error"): 3}
    assert read_counts(tmp_path)[key] == 7
    fold_into_totals(tmp_path / "host_7" / "two")
    assert read_counts(tmp_path)[key] == 7
    assert not owed(read_counts(tmp_path)), "the totals owe nothing: who folded took it over"


def test_a_slot_half_written_is_skipped_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / COUNTS_FILE
    counted = Counters()
    counted.attach(path)
    counted.add("captured", category="error")
    counted.hand_over()
    path.write_bytes(path.read_bytes() + b"dropped|spool_f")
    assert read_counts_file(path) == {CountKey("captured", "", "error"): 1}


def test_unbounded_labels_do_not_grow_the_file_for_ever(tmp_path: Path) -> None:
    counted = Counters()
    counted.attach(tmp_path / COUNTS_FILE)
    for number in range(2000):
        counted.add("dropped", reason=f"reason {number}", category="error")
    assert counted.snapshot().total() == 2000
    assert (tmp_path / COUNTS_FILE).stat().st_size < 60_000
    counted.hand_over()


def test_a_forked_child_starts_counting_at_nothing() -> None:
    counters.count("suppressed", category="error")
    assert counters.current().snapshot()
    child = os.fork()
    if child == 0:
        os._exit(len(counters.current().snapshot()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
