"""The rows that are views, middleware, templates and streams."""

from __future__ import annotations

from tests.exactly_one.ways.row import ASGI, BOTH, HANDLED, PIPELINE, Told, Way, one, returned, under

VIEWS = (
    *under(
        "Views",
        Way("a view raises", "/fails", PIPELINE, handlers=BOTH),
        Way("an asynchronous view raises", "/fails-async", PIPELINE, handlers=BOTH),
        Way("a class-based view raises", "/class-based", PIPELINE, handlers=BOTH),
        Way("an asynchronous class-based view raises", "/async-class-based", PIPELINE, handlers=BOTH),
        Way("a view has a bug", "/bug", one("programming", "KeyError", severity="P2")),
        Way(
            "a view calls itself without end",
            "/recursive",
            one("resources", "RecursionError"),
            status=503,
        ),
        Way(
            "a view needs a service outside that is away",
            "/service-away",
            one(
                "external_service",
                "WeatherAwayError",
                group=("external_service", "{{ tags.service }}", "{{ error.type }}"),
            ),
            status=503,
        ),
        Way("a view ends the process", "/exits", one("uncategorised", "SystemExit"), status=0),
        Way("a view returns nothing", "/returns-nothing", one("programming", "ValueError"), handlers=BOTH),
        Way("a view is a generator", "/is-generator", one("programming", "ValueError")),
        Way(
            "a view runs into its time-out",
            "/takes-too-long",
            one("timeout", "TimeoutError"),
            status=503,
            handlers=ASGI,
        ),
    ),
    *under(
        "Decorated views",
        Way(
            "a decorated view raises, answered with a page",
            "/fails-on-a-page",
            HANDLED,
            session="errored",
            handlers=BOTH,
        ),
        Way(
            "a decorated view raises, answered with JSON",
            "/fails-as-json",
            HANDLED,
            session="errored",
            handlers=BOTH,
        ),
        Way(
            "a decorated asynchronous view raises",
            "/fails-async-on-a-page",
            HANDLED,
            session="errored",
            handlers=BOTH,
        ),
        Way(
            "a decorated view logs and raises again",
            "/logs-and-raises-on-a-page",
            HANDLED,
            session="errored",
        ),
        Way(
            "a decorated view captures and raises another from it",
            "/captures-and-wraps-on-a-page",
            HANDLED,
            session="errored",
        ),
    ),
    *under(
        "Middleware",
        Way("a middleware raises before the view", "/middleware/before", PIPELINE, handlers=BOTH),
        Way("a middleware raises after the view", "/middleware/after", PIPELINE, handlers=BOTH),
        Way("a middleware that is a function raises", "/middleware/function", PIPELINE, handlers=BOTH),
        Way("process_view raises", "/middleware/process-view", PIPELINE),
        Way("process_template_response raises", "/middleware/process-template-response", PIPELINE),
        Way(
            "process_exception raises while a view's error passes", "/middleware/process-exception", PIPELINE
        ),
        Way(
            "the site's own error page raises as well",
            "/broken-pages/fails",
            (Told("data_processing", "PipelineError"), Told("data_processing", "PageError")),
            status=0,
            handlers=BOTH,
            note="Two failures, each told once, though every middleware asks for the page again.",
        ),
    ),
    *under(
        "Templates",
        Way("a template calls what raises", "/template-fails", PIPELINE),
        Way(
            "a template has an unknown filter",
            "/template-is-wrong",
            one("programming", "TemplateSyntaxError"),
        ),
        Way(
            "a template is not there",
            "/template-is-missing",
            one("programming", "TemplateDoesNotExist"),
        ),
        Way("a TemplateResponse fails when it is drawn", "/drawn-late", PIPELINE, handlers=BOTH),
        Way("a context processor raises", "/context-processor", PIPELINE),
    ),
    *under(
        "Streams",
        Way("a stream fails in the middle", "/streams", PIPELINE, status=200, handlers=BOTH),
        Way(
            "an asynchronous stream fails in the middle",
            "/streams-async",
            PIPELINE,
            status=200,
            handlers=ASGI,
        ),
    ),
    *under(
        "Returned, not raised",
        Way(
            "a view returns 500",
            "/returns-500",
            returned("returns-500", 500),
            session="ok",
            note="A message, and no error of the session: nothing was raised.",
        ),
        Way("a view returns 503", "/returns-503", returned("returns-503", 503), status=503, session="ok"),
        Way(
            "an asynchronous view returns 503",
            "/returns-503-async",
            returned("returns-503-async", 503),
            status=503,
            session="ok",
            handlers=BOTH,
        ),
    ),
)
