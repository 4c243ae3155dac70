"""Raw events as SDKs of other languages send them, and such as are as large as they may be."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def minified_browser() -> Json:
    """@sentry/browser: no function names worth anything, columns instead of lines, the page's URL in place of a file."""
    script = "https://hydroml.example.org/static/app.4f2a91.min.js"
    frames = [
        {
            "filename": script,
            "function": "HTMLButtonElement.<anonymous>",
            "lineno": 1,
            "colno": 48213,
            "in_app": True,
        },
        {"filename": script, "function": "r", "lineno": 1, "colno": 51877, "in_app": True},
        {"filename": script, "function": "?", "lineno": 2, "colno": 1093, "in_app": True},
    ]
    return {
        "platform": "javascript",
        "exception": {
            "values": [
                {
                    "type": "TypeError",
                    "value": "Cannot read properties of undefined (reading 'points')",
                    "stacktrace": {"frames": frames},
                    "mechanism": {"type": "onerror", "handled": False},
                }
            ]
        },
        "breadcrumbs": [
            {
                "timestamp": 990.0,
                "category": "navigation",
                "data": {"from": "/projects/", "to": "/projects/3/"},
            },
            {
                "timestamp": 998.5,
                "category": "fetch",
                "type": "http",
                "data": {"method": "GET", "url": "/plots/3.json", "status_code": 502},
            },
            {"timestamp": 999.8, "category": "ui.click", "message": "button.redraw"},
        ],
        "request": {
            "url": "https://hydroml.example.org/projects/3/?tab=plots#flow",
            "headers": {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
        },
        "contexts": {"browser": {"name": "Firefox", "version": "140.0"}, "os": {"name": "Linux"}},
        "sdk": {"name": "sentry.javascript.browser", "version": "10.1.0"},
    }


def java() -> Json:
    """sentry-java: modules are classes, files have no path, the cause comes first."""
    spring = [
        {
            "module": "org.springframework.web.servlet.FrameworkServlet",
            "function": "service",
            "filename": "FrameworkServlet.java",
            "lineno": 885,
            "in_app": False,
        },
        {
            "module": "java.lang.reflect.Method",
            "function": "invoke",
            "filename": "Method.java",
            "lineno": 580,
            "in_app": False,
        },
        {
            "module": "org.hydroml.gauges.GaugeController",
            "function": "show",
            "filename": "GaugeController.java",
            "lineno": 42,
            "in_app": True,
        },
    ]
    return {
        "platform": "java",
        "exception": {
            "values": [
                {
                    "type": "SQLTransientConnectionException",
                    "module": "java.sql",
                    "value": "pool is empty",
                    "thread_id": 31,
                    "stacktrace": {
                        "frames": [
                            {
                                "module": "com.zaxxer.hikari.pool.HikariPool",
                                "function": "getConnection",
                                "filename": "HikariPool.java",
                                "lineno": 181,
                                "in_app": False,
                            }
                        ]
                    },
                },
                {
                    "type": "GaugeUnavailableException",
                    "module": "org.hydroml.gauges",
                    "value": "gauge 17",
                    "thread_id": 31,
                    "stacktrace": {"frames": spring},
                    "mechanism": {"type": "Spring6ExceptionResolver", "handled": False},
                },
            ]
        },
        "threads": {
            "values": [
                {"id": 31, "name": "http-nio-8080-exec-4", "crashed": True, "current": True},
                {"id": 1, "name": "main"},
            ]
        },
        "sdk": {"name": "sentry.java.spring-boot", "version": "8.2.0"},
    }


def node() -> Json:
    """@sentry/node: node_modules and node: frames around the application's."""
    return {
        "platform": "node",
        "exception": {
            "values": [
                {
                    "type": "RangeError",
                    "value": "Invalid time value",
                    "mechanism": {"type": "auto.middleware.express", "handled": False},
                    "stacktrace": {
                        "frames": [
                            {
                                "filename": "node:internal/process/task_queues",
                                "module": "task_queues",
                                "function": "processTicksAndRejections",
                                "lineno": 105,
                                "colno": 5,
                                "in_app": False,
                            },
                            {
                                "filename": "/srv/api/node_modules/express/lib/router/layer.js",
                                "module": "express.lib.router:layer",
                                "function": "handle",
                                "lineno": 95,
                                "colno": 5,
                                "in_app": False,
                            },
                            {
                                "filename": "/srv/api/node_modules/@sentry/node/build/cjs/index.js",
                                "function": "wrap",
                                "lineno": 9,
                                "colno": 2,
                                "in_app": False,
                            },
                            {
                                "filename": "/srv/api/src/gauges.js",
                                "module": "gauges",
                                "function": "readings",
                                "lineno": 27,
                                "colno": 31,
                                "in_app": True,
                                "pre_context": ["function readings(day) {"],
                                "context_line": "  return new Date(day).toISOString();",
                                "post_context": ["}"],
                            },
                        ]
                    },
                }
            ]
        },
    }


def bare_message() -> Json:
    """A message without a stack trace."""
    return {
        "platform": "python",
        "level": "warning",
        "logger": "river.quota",
        "logentry": {"message": "Quota of %s is %d %% used", "params": ["basin-7", 93]},
    }


def many_frames(number: int = 200) -> Json:
    """`number` calls, each of another function, two in three the application's."""
    frames = [
        {
            "filename": f"river/step_{place}.py" if place % 3 else f"django/part_{place}.py",
            "abs_path": f"/srv/river/step_{place}.py"
            if place % 3
            else f"/srv/venv/lib/python3.11/site-packages/django/part_{place}.py",
            "module": f"river.step_{place}" if place % 3 else f"django.part_{place}",
            "function": f"step_{place}",
            "lineno": 10 + place,
            "pre_context": ["def step(options):", "    window = options['window']"],
            "context_line": f"    return step_{place + 1}(options, window)",
            "post_context": ["", ""],
            "vars": {"options": {"station": "'17'", "unit": "'m3/s'"}, "window": "[1.5, 2.25]"},
            "in_app": bool(place % 3),
        }
        for place in range(number)
    ]
    return {
        "platform": "python",
        "exception": {
            "values": [{"type": "RuntimeError", "value": "no rating curve", "stacktrace": {"frames": frames}}]
        },
    }


def one_megabyte() -> Json:
    """As large as an event may be: long locals in many frames, a large body, many breadcrumbs."""
    raw = many_frames(250)
    for place, frame in enumerate(raw["exception"]["values"][0]["stacktrace"]["frames"]):
        frame["vars"] = {f"series_{place}_{number}": "0.125, " * 180 for number in range(2)}
    raw["request"] = {
        "url": "https://hydroml.example.org/upload/",
        "method": "POST",
        "data": {"rows": [f"2026-11-21,{n}.5" for n in range(1000)]},
    }
    raw["breadcrumbs"] = [
        {
            "timestamp": float(n),
            "category": "query",
            "message": "SELECT " + "discharge_m3s, " * 60,
            "data": {"ms": n},
        }
        for n in range(100)
    ]
    return raw
