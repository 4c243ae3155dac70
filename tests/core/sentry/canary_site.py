"""A small site that puts a distinct secret, a canary, in every place where one can leave the process.

Each canary has ten letters and digits: too short to look like a token by itself, so that only its name, its form, its
place or its being known can give it away. `harmless` holds what a developer needs, in the same places.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import logging
import pprint
import sys
import threading
import urllib.request
import zlib
from typing import Any
from urllib.parse import quote

import celery
import httpx
import psycopg
import redis
import sentry_sdk
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, QueryDict
from django.template import Context, Template
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.sentry import add_breadcrumb, set_context
from core.sentry.capture import capture_exception, capture_message, set_user

log = logging.getLogger("canary.site")
planted: dict[str, str] = {}
database: list[Any] = []
outside: list[str] = []


def canary(place: str) -> str:
    """The secret of one place."""
    value = f"k{zlib.crc32(place.encode()):08x}v"
    planted[place] = value
    return value


class Loud:
    """Says its secret when it is shown."""

    def __init__(self, secret: str) -> None:
        self.inner = secret

    def __repr__(self) -> str:
        return f"Loud({self.inner})"

    __str__ = __repr__


@dataclasses.dataclass
class Credentials:
    user: str
    key_material: str


FORMS = {
    "jwt": lambda v: f"eyJhbGciOiJIUzI1NiJ9.eyJ{v}9abcdef.sig{v}abc",
    "bearer": lambda v: f"Bearer {v}",
    "basic": lambda v: "Basic " + base64.b64encode(f"ada:{v}".encode()).decode(),
    "aws": lambda v: f"AKIA{v.upper():A<16}"[:20],
    "stripe": lambda v: f"sk_live_{v}",
    "github": lambda v: f"ghp_{v}{v}",
    "slack": lambda v: f"xoxb-123-{v}",
    "google": lambda v: f"AIza{v}{v}{v}abc",
    "private_key": lambda v: f"-----BEGIN RSA PRIVATE KEY-----\n{v}\n-----END RSA PRIVATE KEY-----",
    "postgres_url": lambda v: f"postgres://hydro:{v}@db.example.org:5432/hydro",
    "redis_url": lambda v: f"redis://:{v}/w@cache:6379/0",
    "conninfo": lambda v: f"host=db user=hydro password='{v} and more' dbname=hydro",
    "conninfo_bare": lambda v: f"host=db user=hydro password={v} dbname=hydro",
    "email": lambda v: f"{v}@example.org",
    "email_encoded": lambda v: f"{v}%40example.org",
    "set_cookie": lambda v: f"Set-Cookie: sessionid={v}; Path=/; HttpOnly",
    "cookie": lambda v: f"Cookie: theme=dark; sessionid={v}",
    "query": lambda v: f"GET /reset/?token={v}&page=2",
    "pbkdf2": lambda v: f"pbkdf2_sha256$1000000${v}$abc=",
    "argon2": lambda v: f"argon2$argon2id$v=19$m=102400,t=2,p=8${v}$abc",
    "bcrypt": lambda v: f"$2b$12${v}abcdefghijklmnop",
    "dsn": lambda v: f"https://{v}@o1.ingest.sentry.io/5",
    "webhook": lambda v: f"https://hooks.slack.com/services/T0/{v}",
    "json": lambda v: json.dumps({"user": {"password": v}}),
    "json_in_json": lambda v: json.dumps({"body": json.dumps({"api_key": f'{v}"quoted'})}),
    "json_list": lambda v: json.dumps({"tokens": ["a", {"b": v}]}),
    "dict_repr": lambda v: repr({"Authorization": v, "rows": 3}),
    "tuple_repr": lambda v: repr([("password", v)]),
    "query_dict": lambda v: f"<QueryDict: {{'password': ['{v}']}}>",
    "dataclass_repr": lambda v: f"Login(user='ada', password='{v}')",
    "call_repr": lambda v: f"password=SecretStr('{v}')",
    "form_body": lambda v: f"user=ada&password={v}&rows=3",
    "multipart": lambda v: f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{v}\r\n--b--',
    "xml": lambda v: f"<login><password>{v}</password></login>",
    "yaml": lambda v: f"db:\n  password: {v}\n  rows: 3",
    "flag": lambda v: f"import --password {v} --rows 3",
    "prose": lambda v: f"the password is {v} today",
    "percent_json": lambda v: quote(json.dumps({"password": v})),
    "db_detail": lambda v: f"duplicate key\nDETAIL:  Key (name)=({v}) already exists.",
    "failing_row": lambda v: f"DETAIL:  Failing row contains (1, {v}, null).",
    "sql": lambda v: f"LINE 1: SELECT * FROM person WHERE nick = '{v}'",
    "bytes_repr": lambda v: repr({"secret": v.encode()}),
    "ipv6": lambda v: f"2001:db8::{v[1:5]}:{v[5:9]}",
}


@sensitive_variables("shape")
def marked(shape: str) -> None:
    raise KeyError(f"no such shape: {shape}")


def deeper(value: Any, settings: dict[str, Any]) -> None:
    """In a frame of its own, as an argument without a telling name that a caller's frame knows to be secret."""
    rows = settings["rows"] = 12
    raise ValueError(f"row {rows}: {value} is refused")


def _fill_scope(request: HttpRequest) -> None:
    set_user(canary("user id that is an address") + "@example.org", role="analyst")
    capture_message("a user of an address")
    scope = sentry_sdk.get_isolation_scope()
    user = {"id": "17", "role": "analyst", "ip_address": "203.0.113.7"}
    scope.set_user({**user, "email": canary("user email") + "@example.org", "username": canary("username")})
    scope.set_tag("contact", canary("tag email") + "@example.org")
    scope.set_tag("api_token", canary("tag token"))
    scope.set_tag("catchment", "narraguagus")
    scope.set_extra("token", canary("extra token"))
    scope.set_extra("nested", {"list": [{"password": canary("extra nested")}], "rows": 1200})
    scope.set_extra("post", QueryDict(f"password={canary('extra QueryDict')}&rows=3"))
    scope.set_extra("pair", ("secret_key", canary("extra tuple pair")))
    scope.set_extra("loud", Loud(canary("extra repr")))
    set_context("import", {"stage": "validate", "rows": 1200, "password": canary("context password")})
    scope.set_context("deep", {"a": {"b": {"c": {"d": {"access_token": canary("context depth 5")}}}}})
    scope.add_attachment(bytes=canary("attachment").encode(), filename="dump.txt")


def _leave_breadcrumbs(request: HttpRequest) -> None:
    add_breadcrumb(f"upload began, password={canary('crumb message')}", data={"stage": "upload"})
    add_breadcrumb(
        "with data", data={"token": canary("crumb data"), "nested": {"cookie": canary("crumb nested")}}
    )
    sentry_sdk.add_breadcrumb(message="loud", data={"object": Loud(canary("crumb repr"))})
    log.info(
        "log in with password=%s", canary("log crumb message"), extra={"token": canary("log crumb extra")}
    )
    log.info("form %s", {"password": canary("log crumb dict")})
    log.info("a harmless step of %s", "the import")
    _query(request)
    client = redis.Redis(port=9, password=canary("redis client password"), retry=Retry(NoBackoff(), 0))
    for command in ("get", "delete"):
        with contextlib.suppress(redis.ConnectionError):
            getattr(client, command)(f"django.contrib.sessions.cache{canary('redis key')}")
    with contextlib.suppress(redis.ConnectionError):
        client.set("rows", canary("redis value"))
    with contextlib.suppress(redis.ConnectionError):
        client.pipeline().set("a", canary("redis pipeline")).execute()
    base = outside[0]
    urllib.request.urlopen(f"{base}/ok?token={canary('urllib query')}&page=2", timeout=5).read()
    httpx.get(
        f"{base}/ok",
        params={"api_key": canary("httpx query")},
        headers={"Authorization": canary("httpx header")},
    )
    httpx.get(base.replace("://", f"://ada:{canary('url userinfo')}@") + "/ok")


def _query(request: HttpRequest) -> None:
    with database[0].cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS person (name text, nick text)")
        cursor.execute(f"SELECT name FROM person WHERE nick = '{canary('sql literal')}'")
        cursor.execute(f"SELECT name FROM person -- {canary('sql comment')}")
        cursor.execute("SELECT name FROM person WHERE nick = %s", [canary("sql parameter")])
        cursor.execute(f"SELECT name FROM person WHERE nick = {zlib.crc32(b'n')}")


def _messages() -> None:
    for form, write in FORMS.items():
        value = canary(f"form {form}")
        if form == "aws":
            planted[f"form {form}"] = value.upper()
        if form == "ipv6":
            planted[f"form {form}"] = f"{value[1:5]}:{value[5:9]}"
        log.error("form %s: %s", form, write(value))
        capture_message(f"{form} again: {write(value)}", "warning")
    log.error("token %s refused", canary("log parameter"))
    log.error("log in of %(user)s", {"user": "ada", "password": canary("log parameter dict")})
    log.error(
        "with extra", extra={"session_key": canary("log event extra"), "loud": Loud(canary("log extra repr"))}
    )
    log.error("card %s and %s", "4111 1111 1111 1111", 5500005555555559)
    log.error("person 078-05-1120 from 203.0.113.9")


@csrf_exempt
@sensitive_post_parameters("shade")
def error(request: HttpRequest, token: str) -> HttpResponse:
    """Everything at once, and then an error that nobody handles."""
    _fill_scope(request)
    _leave_breadcrumbs(request)
    posted = request.POST.get("password", "")
    seen = request.POST.get("shade", "")
    password = canary("local password")
    user_password = canary("local user_password")
    pin = canary("local pin")
    raw = canary("local bytes").encode()
    secret_bytes = raw
    credentials = Credentials("ada", canary("local dataclass repr"))
    loud = Loud(canary("local object repr"))
    nested = {
        "rows": 3,
        "auth": {"x": [{"y": {"password": canary("local depth 5")}}]},
        "ok": "harmless-nested",
    }
    listed = [{"api_key": canary("local list")}, ("token", canary("local tuple pair"))]
    as_json = json.dumps({"password": canary("local json string")})
    conninfo = f"host=db password={canary('local conninfo')}"
    stripe = f"sk_live_{canary('local stripe key')}"
    hashed = f"pbkdf2_sha256$1000${canary('local password hash')}$x="
    by_session = {canary("local dict key"): "session"}
    session_key = next(iter(by_session))
    card = 4242424242424242
    catchment, rows, discharge = "Narraguagus", 1200, 3.5
    encoded = base64.b64encode(f"{{{password}}}".encode()).decode()
    split = pprint.pformat([pin, "x" * 70], width=20)
    text = " ".join((repr(posted), seen, encoded, quote(user_password + "&"), split, session_key))
    text += f" {raw!r} {request.META.get('HTTP_AUTHORIZATION')} {request.COOKIES} {request.META.get('HTTP_X_API_KEY')}"
    try:
        try:
            psycopg.connect(
                f"host=127.0.0.1 port=9 user=hydro password={canary('psycopg password')} connect_timeout=2"
            )
        except psycopg.OperationalError as refused:
            refused.add_note(f"note: token={canary('exception note')}")
            deeper(password, {"rows": rows, "secret": canary("library argument")})
    except ValueError as inner:
        kept = (credentials, loud, nested, listed, as_json, conninfo, stripe, hashed, card, secret_bytes)
        raise RuntimeError(f"{catchment}: {discharge} of {rows} with {text} {token} {len(kept)}") from inner


def handled(request: HttpRequest) -> HttpResponse:
    """Errors that are reported and answered, and messages."""
    try:
        marked(canary("sensitive variable"))
    except KeyError as failure:
        form = {"password": canary("capture context")}
        extra, tags = {"token": canary("capture extra")}, {"password": canary("capture tag")}
        capture_exception(failure, context={"form": form}, extra=extra, tags=tags)
    try:
        raise ExceptionGroup("many", [ValueError(f"password={canary('group member')}"), OSError("disk")])
    except ExceptionGroup as group:
        capture_exception(group)
    try:
        compile("password = '" + canary("syntax error") + "' +", "<typed>", "exec")
    except SyntaxError as failure:
        capture_exception(failure)
    worker = threading.Thread(target=_fails_in_thread, daemon=True)
    worker.start()
    worker.join()
    hidden_in_code()
    _messages()
    Template("{{ person }} {{ rows }}").render(
        Context({"person": Loud(canary("template context")), "rows": 3})
    )
    return HttpResponseServerError("sorry")


def _fails_in_thread() -> None:
    secret = canary("thread local")
    try:
        raise LookupError(f"no {secret}")
    except LookupError as failure:
        capture_exception(failure)


def hidden_in_code() -> None:
    """Secrets in the source itself, in a form, under a name, and as a value that a local makes known."""
    planted["source literal"] = "k" + "51c0ffee" + "v"
    planted["source form"] = "k" + "52c0ffee" + "v"
    planted["source argument"] = "k" + "53c0ffee" + "v"
    try:
        password = "k51c0ffeev"
        key = "sk_live_k52c0ffeev"
        _login("k53c0ffeev", len(password + key))
    except PermissionError as failure:
        capture_exception(failure)


def _login(password: str, length: int) -> None:
    raise PermissionError(13, f"refused after {length}")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied(canary("permission denied"))


urlpatterns = [
    path("error/<str:token>/", error),
    path("handled/", handled),
    path("forbidden/", forbidden),
]

app = celery.Celery("canary", broker="memory://", set_as_current=False)


@app.task(name="canary.import_rows")
def import_rows(rows: int, value: str, password: str = "") -> None:
    raise ValueError(f"{rows} rows, {value}, {password}")


def run_task() -> None:
    import_rows.apply(
        args=(12, f"token={canary('task argument')}"), kwargs={"password": canary("task keyword")}
    )


def set_argv() -> list[str]:
    kept = sys.argv
    flags = ["--password", canary("argv flag"), f"--token={canary('argv option')}", canary("argv value")]
    sys.argv = ["manage.py", "import_rows", *flags, "--dry-run", "rows"]
    return kept
