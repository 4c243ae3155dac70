"""Events whose every text means harm."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)//",
    "</pre></code></details><svg onload=alert(1)>",
    "{{ request }}{% csrf_token %}",
    'password=hunter2" [Filtered]" onmouseover="alert(1)',
    "`code` [link](javascript:alert(1)) @everyone",
]


def hostile(text: str) -> Json:
    """`text` in every place of an event that takes one."""
    frame = {
        "filename": text,
        "abs_path": text,
        "function": text,
        "module": text,
        "package": text,
        "lineno": 3,
        "colno": 9,
        "pre_context": [text],
        "context_line": text,
        "post_context": [text],
        "vars": {text: text, "deep": {text: [text, {text: text * 20}]}},
        "in_app": True,
    }
    library = {**frame, "in_app": False, "abs_path": f"/x/site-packages/{text}"}
    return {
        "platform": "python",
        "logger": text,
        "transaction": text,
        "release": text[:60],
        "environment": "production",
        "dist": text[:60],
        "server_name": text,
        "message": text,
        "exception": {
            "values": [
                {
                    "type": "Inner",
                    "value": text,
                    "stacktrace": {"frames": [library, frame]},
                    "mechanism": {"type": text, "handled": True},
                },
                {
                    "type": text,
                    "module": text,
                    "value": text,
                    "stacktrace": {"frames": [frame, library, library, frame]},
                    "mechanism": {"type": text, "description": text, "synthetic": True, "handled": False},
                },
            ]
        },
        "threads": {"values": [{"id": 1, "name": text, "crashed": True, "stacktrace": {"frames": [frame]}}]},
        "breadcrumbs": [
            {
                "timestamp": 5.0,
                "category": text,
                "type": text,
                "level": text,
                "message": text,
                "data": {text: text},
            },
            {"category": "navigation", "data": {"from": text, "to": text}},
        ],
        "request": {
            "url": text,
            "method": "POST",
            "query_string": text,
            "headers": {text: text, "Referer": text},
            "cookies": {text: text},
            "data": {text: text},
            "env": {text: text},
            "fragment": text,
        },
        "user": {"id": text, "segment": text},
        "contexts": {
            text: {text: text},
            "trace": {"trace_id": "c45799321f8d4f689c5d72998540f65e", "op": text},
            "task": {"name": text},
            "browser": {"name": text},
        },
        "extra": {text: text, "list": [text]},
        "tags": {text[:60]: text, "category": text, "severity": text, "error_id": "abcd-1234"},
        "fingerprint": ["{{ default }}", text],
        "modules": {text: text},
        "sdk": {"name": text, "version": text, "integrations": [text]},
        "errors": [{"type": text, "name": text, "value": text}],
        "unknown_part": {text: text},
    }
