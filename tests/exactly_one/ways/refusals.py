"""The rows that nobody is to be told of, REST framework's among them."""

from __future__ import annotations

from tests.exactly_one.ways.row import ASGI, BOTH, NONE, PIPELINE, Way, one, returned, under

REFUSALS = (
    *under(
        "REST framework",
        Way("a view of REST framework raises", "/api/fails", PIPELINE, handlers=BOTH),
        Way(
            "a view raises APIException",
            "/api/gives-up",
            one("uncategorised", "APIException", handled=True),
            session="errored",
        ),
        Way(
            "a view returns Response(status=503)",
            "/api/returns-503",
            returned("api/returns-503", 503),
            status=503,
            session="ok",
        ),
        Way("its ValidationError refuses", "/api/refuses", NONE, status=400, session="ok"),
        Way("its NotFound", "/api/is-missing", NONE, status=404, session="ok"),
        Way("its Throttled", "/api/is-throttled", NONE, status=429, session="ok"),
        Way(
            "a view of REST framework raises what is the user's to mend",
            "/api/users-mistake",
            NONE,
            status=400,
            session="ok",
        ),
    ),
    *under(
        "Expected, and the visitors",
        Way("Http404", "/missing", NONE, status=404, session="ok", handlers=BOTH),
        Way("an address that there is not", "/nowhere/at/all", NONE, status=404, session="ok", handlers=BOTH),
        Way("PermissionDenied", "/forbidden", NONE, status=403, session="ok", handlers=BOTH),
        Way("SuspiciousOperation", "/suspicious", NONE, status=400, session="ok", handlers=BOTH),
        Way("BadRequest", "/bad", NONE, status=400, session="ok", handlers=BOTH),
        Way(
            "an error of ours that is the user's to mend",
            "/users-mistake",
            NONE,
            status=400,
            session="ok",
            handlers=BOTH,
        ),
        Way(
            "the same in an asynchronous view",
            "/users-mistake-async",
            NONE,
            status=400,
            session="ok",
            handlers=BOTH,
        ),
        Way("the same in a decorated view", "/users-mistake-on-a-page", NONE, status=400, session="ok"),
        Way("a form refuses", "/form-refuses", NONE, status=422, session="ok"),
        Way(
            "a ValidationError that no form caught",
            "/validation-is-forgotten",
            one("validation", "ValidationError", group=("validation", "{{ transaction }}")),
            status=400,
            note="Not expected: it went past the forms, and the visitor got a page of ours.",
        ),
        Way(
            "a form is larger than allowed",
            "/reads-the-form",
            NONE,
            status=400,
            session="ok",
            client="big-form",
        ),
        Way("a forged Host header", "/asks-host", NONE, status=400, session="ok", client="forged-host"),
        Way(
            "a client hangs up while it sends a form",
            "/reads-the-form",
            NONE,
            status=400,
            session="ok",
            client="gone-while-sending",
        ),
        Way(
            "a client hangs up while the view is at work",
            "/waits-for-ever",
            NONE,
            status=0,
            session="ok",
            handlers=ASGI,
            client="gone",
        ),
        Way(
            "a client leaves while the answer streams",
            "/streams-long",
            NONE,
            status=200,
            session="ok",
            client="gone-while-reading",
        ),
    ),
)
