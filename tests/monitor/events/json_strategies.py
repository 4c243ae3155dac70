"""Hypothesis strategies: any JSON, and events with any JSON in the places of an event."""

from hypothesis import strategies as st

_texts = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "\ud800",
        "a\0b",
        "x" * 9000,
        "{{ default }}",
        "{{ tags.a }}",
        "{{auto}}",
        "2026-11-21T10:00:00Z",
        "%s",
        "password=x",
        "1e400",
    ]
)
_numbers = st.integers() | st.sampled_from([2**70, -(2**70), 10**2000]) | st.floats()
scalars = st.none() | st.booleans() | _numbers | _texts
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


def _either(shape: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return shape | any_json


def _object(**parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.fixed_dictionaries({}, optional={name: _either(part) for name, part in parts.items()})


_frames = st.lists(
    _either(
        _object(
            function=_texts, module=_texts, filename=_texts, abs_path=_texts, lineno=_numbers, in_app=st.booleans(),
            vars=st.dictionaries(_texts, any_json, max_size=3), context_line=_texts,
            pre_context=st.lists(scalars, max_size=2),
        )
    ),
    max_size=4,
)  # fmt: skip
_trace = _object(frames=_frames)
_mechanism = _object(
    type=_texts,
    handled=st.booleans(),
    exception_id=_numbers,
    parent_id=_numbers,
    is_exception_group=st.booleans(),
)
_exceptions = st.lists(
    _either(_object(type=_texts, value=_texts, module=_texts, stacktrace=_trace, mechanism=_mechanism)),
    max_size=3,
)

events = st.fixed_dictionaries(
    {},
    optional={
        name: _either(part)
        for name, part in {
            "event_id": _texts,
            "type": st.sampled_from(["event", "transaction", "feedback"]),
            "timestamp": scalars,
            "start_timestamp": scalars,
            "level": scalars,
            "platform": st.sampled_from(["python", "javascript", "java", "go", "php", "ruby", "csharp", "native"]),
            "message": any_json,
            "logentry": _object(message=_texts, params=st.lists(any_json, max_size=3), formatted=_texts),
            "exception": _object(values=_exceptions) | _exceptions,
            "threads": _object(values=st.lists(_object(id=scalars, current=st.booleans(), stacktrace=_trace), max_size=2)),
            "stacktrace": _trace,
            "breadcrumbs": st.lists(_object(timestamp=scalars, message=_texts, category=_texts, data=any_json), max_size=3),
            "request": _object(url=_texts, headers=any_json, cookies=any_json, query_string=any_json,
                data=any_json, env=any_json),
            "user": _object(id=scalars, email=_texts, ip_address=_texts),
            "contexts": st.dictionaries(_texts, any_json, max_size=3),
            "tags": st.dictionaries(_texts, scalars, max_size=3) | st.lists(st.lists(scalars, max_size=3), max_size=3),
            "extra": st.dictionaries(_texts, any_json, max_size=3),
            "fingerprint": st.lists(_texts, max_size=3),
            "checksum": scalars,
            "sdk": any_json,
            "modules": any_json,
            "spans": st.lists(_object(op=_texts, description=_texts, timestamp=scalars, data=any_json), max_size=2),
            "measurements": any_json,
            "errors": any_json,
        }.items()
    },
)  # fmt: skip
