"""What goes wrong in the generated month: the demo application's own kinds of errors, with where in its code they arise."""

from __future__ import annotations

from dataclasses import dataclass

Line = tuple[str, str, int, str]
"""File, function, line, source; the last of several is where it was raised."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of error. `place` is the route or task in which it is met; `per_day` how often on a working day."""

    name: str
    type: str
    value: str
    category: str
    severity: str
    place: str
    code: tuple[Line, ...]
    per_day: float = 0.0
    handled: bool = False
    level: str = "error"
    module: str = ""
    since: float = 0.0
    """Where in the month it begins, from 0 to 1."""
    until: float = 1.0
    fingerprint: tuple[str, ...] = ()
    tried_again: bool = False
    """The strategy has a task try it again: what is reported is what the last try failed with."""

    @property
    def is_task(self) -> bool:
        return ".tasks." in self.place

    @property
    def fails_request(self) -> bool:
        """Whether somebody was answered with a 500."""
        return not self.handled and not self.is_task and self.level == "error"


_VIEW = ("projects/views.py", "project_list", 41, "    projects = visible_projects(request.user)")
_SELECT = ("projects/selectors.py", "visible_projects", 18, "    return Project.objects.filter(members=user)")
_DATA = ("data_tools/tasks.py", "process_source", 24, "        result = processing.process(source, progress)")
_TRAIN = ("experiments/tasks.py", "train", 31, "    services.run_experiment(experiment, lease)")
_WEATHER = (
    "data_tools/tasks.py",
    "import_weather",
    36,
    "        series = weather.fetch(place, since, until)",
)

DATABASE_AWAY = Fault(
    "database_away", "OperationalError",
    'connection failed: connection to server at "database", port 5432 failed: Connection refused',
    "database", "P0", "projects/", (_VIEW, _SELECT), module="django.db.utils",
    fingerprint=("dependency-outage", "postgresql", "unreachable"),
)  # fmt: skip
CACHE_AWAY = Fault(
    "cache_away", "ConnectionError", "Error 111 connecting to redis:6379. Connection refused.", "cache", "P1",
    "projects/<uuid:project_id>/",
    (_VIEW, ("projects/selectors.py", "cached_counts", 63, "    counts = cache.get(key)")),
    handled=True, module="redis.exceptions", fingerprint=("dependency-outage", "redis", "unreachable"),
)  # fmt: skip
WEATHER_AWAY = Fault(
    "weather_away", "ConnectTimeout", "The weather service did not answer within 10 s (attempt {n} of 4)",
    "external_service", "P2", "data_tools.tasks.import_weather",
    (_WEATHER, ("data_tools/weather/client.py", "fetch", 58, "    response = client.get(url, params=query)")),
    module="httpx", fingerprint=("dependency-outage", "weather", "unreachable"), tried_again=True,
)  # fmt: skip
BAD_RELEASE = Fault(
    "bad_release", "AttributeError", "'NoneType' object has no attribute 'best_score'", "programming", "P2",
    "experiments/<uuid:experiment_id>/",
    (
        ("experiments/views.py", "detail", 66, "    page = detail_page(experiment)"),
        ("experiments/detail_page.py", "detail_page", 29, "    best = experiment.search.best_score"),
    ),
)  # fmt: skip
RETURNED = Fault(
    "returned", "ZeroDivisionError", "float division by zero", "programming", "P2",
    "experiments/compare/",
    (
        ("experiments/views.py", "compare", 102, "    rows = compared(chosen)"),
        ("experiments/comparing.py", "compared", 37, "    better = (ours - theirs) / theirs"),
    ),
)  # fmt: skip
SLOW_BURN = Fault(
    "slow_burn", "PermissionError", "[Errno 13] Permission denied: '/data/exports/{n}.parquet'", "file", "P2",
    "experiments/<uuid:experiment_id>/export/<str:kind>/",
    (
        ("experiments/views.py", "export", 131, "    path = exports.write(experiment, kind)"),
        ("experiments/exports.py", "write", 44, "    with path.open('wb') as file:"),
    ),
)  # fmt: skip
FORGED = Fault(
    "forged", "Burst", "Many refused requests of one client", "security", "P0", "accounts/login/",
    (("core/bursts.py", "report_burst", 74, "    capture_message(burst.description)"),),
    handled=True, level="warning", fingerprint=("security", "refused_requests"),
)  # fmt: skip
BROKEN_FILES = Fault(
    "broken_files", "ColumnNotFoundError", 'unable to find column "discharge_m3s"', "data_processing", "P1",
    "data_tools.tasks.process_source",
    (_DATA, ("data_tools/engine/process.py", "process", 88, "    table = plan.apply(frame)")),
    module="polars.exceptions",
)  # fmt: skip
SPECIAL = (
    DATABASE_AWAY, CACHE_AWAY, WEATHER_AWAY, BAD_RELEASE, RETURNED, SLOW_BURN, FORGED, BROKEN_FILES,
)  # fmt: skip
"""Those that the story tells of (story.py); all others happen now and then."""


def _now_and_then(
    name: str, kind: str, value: str, category: str, severity: str, place: str, last: Line, per_day: float,
    *, handled: bool = False, level: str = "error", since: float = 0.0, until: float = 1.0, module: str = "",
    tried_again: bool = False,
) -> Fault:  # fmt: skip
    first = {"data_tools.tasks.process_source": _DATA, "data_tools.tasks.import_weather": _WEATHER}.get(
        place, _TRAIN if ".tasks." in place else _VIEW
    )
    return Fault(
        name, kind, value, category, severity, place, (first, last), per_day, handled, level, module, since, until,
        tried_again=tried_again,
    )  # fmt: skip


_PROJECT, _LIST = "projects/<uuid:project_id>/", "projects/"
_SOURCE, _UPLOAD = "data/<uuid:source_id>/", "data/upload/<uuid:project_id>/"
_EXPERIMENT, _NEW = "experiments/<uuid:experiment_id>/", "experiments/new/<uuid:project_id>/"
_PROCESS, _IMPORT, _FIT = (
    "data_tools.tasks.process_source", "data_tools.tasks.import_weather", "experiments.tasks.train",
)  # fmt: skip

COMMON = (
    _now_and_then("gaps", "SeriesTooShortError", "After gaps, {n} days are left; training needs 365", "ml_processing",
                  "P1", _FIT, ("experiments/features.py", "windows", 52, "    raise SeriesTooShortError(left)"), 1.2),
    _now_and_then("diverged", "TrainingDivergedError", "The loss is not a number after epoch {n}", "ml_processing", "P1",
                  _FIT, ("experiments/training.py", "fit", 97, "    raise TrainingDivergedError(epoch)"), 0.8),
    _now_and_then("singular", "LinAlgError", "Singular matrix", "ml_processing", "P1", _FIT,
                  ("experiments/models.py", "solve", 71, "    weights = np.linalg.solve(gram, target)"), 0.25,
                  module="numpy.linalg"),
    _now_and_then("not_fitted", "NotFittedError", "This StandardScaler instance is not fitted yet", "ml_processing",
                  "P1", _FIT, ("experiments/pipeline.py", "predict", 40, "    scaled = scaler.transform(x)"), 0.3,
                  since=0.3, until=0.62, module="sklearn.exceptions"),
    _now_and_then("odd_dates", "ComputeError", "could not parse '{n}.13.2021' as a date", "data_processing", "P1",
                  _PROCESS, ("data_tools/engine/dates.py", "parse", 61, "    return column.str.to_date(form)"), 1.5,
                  module="polars.exceptions"),
    _now_and_then("encoding", "UnicodeDecodeError", "'utf-8' codec can't decode byte 0xe4 in position {n}",
                  "data_processing", "P1", _PROCESS,
                  ("data_tools/engine/byte_stream.py", "text", 33, "    return chunk.decode()"), 0.9),
    _now_and_then("bad_zip", "BadZipFile", "File is not a zip file", "data_processing", "P1", _PROCESS,
                  ("data_tools/arriving.py", "unpack", 48, "    with ZipFile(path) as archive:"), 0.35,
                  module="zipfile"),
    _now_and_then("no_space", "OSError", "[Errno 28] No space left on device", "file", "P2", _PROCESS,
                  ("data_tools/engine/parquet_writer.py", "write", 25, "    sink.write(batch)"), 0.1, since=0.5),
    _now_and_then("gone_file", "FileNotFoundError", "[Errno 2] No such file or directory: '/data/sources/{n}.parquet'",
                  "file", "P2", _SOURCE, ("data_tools/finders.py", "rows", 37, "    return scan_parquet(path)"), 0.7),
    _now_and_then("slow_service", "ReadTimeout", "The read operation timed out", "timeout", "P2", _IMPORT,
                  ("data_tools/weather/client.py", "fetch", 58, "    response = client.get(url)"), 1.8, module="httpx",
                  tried_again=True),
    _now_and_then("bad_answer", "WeatherAnswerError", "The weather service answered 502 for station {n}",
                  "external_service", "P2", _IMPORT,
                  ("data_tools/weather/client.py", "checked", 77, "    raise WeatherAnswerError(response)"), 2.2,
                  tried_again=True),
    _now_and_then("soft_limit", "SoftTimeLimitExceeded", "SoftTimeLimitExceeded()", "timeout", "P2", _FIT,
                  ("experiments/search.py", "run_trials", 83, "    study.optimize(trial, n_trials=left)"), 0.5,
                  module="billiard.exceptions"),
    _now_and_then("lost_worker", "WorkerLostError", "Worker exited prematurely: signal 9 (SIGKILL) Job: {n}.", "queue",
                  "P1", _FIT, ("jobs/services.py", "finish", 120, "    raise lost"), 0.12, module="billiard.exceptions"),
    _now_and_then("memory", "MemoryError", "Unable to allocate 3.1 GiB for an array", "resources", "P1", _FIT,
                  ("experiments/features.py", "windows", 66, "    return np.lib.stride_tricks.copy()"), 0.08, since=0.2),
    _now_and_then("key", "KeyError", "'rain_mm'", "programming", "P2", _SOURCE,
                  ("data_tools/plots.py", "hyetograph", 91, "    rain = columns['rain_mm']"), 0.9),
    _now_and_then("index", "IndexError", "list index out of range", "programming", "P2", _EXPERIMENT,
                  ("experiments/plots.py", "importance", 45, "    top = ranked[n]"), 0.6),
    _now_and_then("type", "TypeError", "unsupported operand type(s) for -: 'NoneType' and 'float'", "programming", "P2",
                  _EXPERIMENT, ("experiments/metrics.py", "pbias", 58, "    return (sim - obs).sum() / obs.sum()"), 0.7),
    _now_and_then("attribute", "AttributeError", "'AnonymousUser' object has no attribute 'preferences'", "programming",
                  "P2", "accounts/preferences/", ("accounts/views.py", "preferences", 88, "    form = Form(instance=u)"),
                  0.3, until=0.45),
    _now_and_then("value", "ValueError", "could not convert string to float: '1.204,5'", "programming", "P2", _UPLOAD,
                  ("data_tools/uploads.py", "declared_size", 29, "    return float(text)"), 0.6),
    _now_and_then("missing_row", "DoesNotExist", "Experiment matching query does not exist.", "programming", "P2", _FIT,
                  ("experiments/services.py", "begin", 54, "    experiment = Experiment.objects.get(pk=pk)"), 0.5,
                  module="experiments.models"),
    _now_and_then("two_rows", "MultipleObjectsReturned", "get() returned more than one Membership -- it returned 2!",
                  "programming", "P2", _PROJECT, ("projects/selectors.py", "role_of", 47, "    return rows.get(user=u)"),
                  0.15, since=0.55, module="projects.models"),
    _now_and_then("template", "TemplateDoesNotExist", "experiments/_search.html", "programming", "P2", _NEW,
                  ("experiments/views.py", "create", 51, "    return render(request, name, context)"), 0.9,
                  since=0.31, until=0.36, module="django.template.exceptions"),
    _now_and_then("assertion", "AssertionError", "A source without a project.", "programming", "P2", _PROCESS,
                  ("data_tools/services.py", "store", 63, "    assert source.project_id"), 0.2, until=0.3),
    _now_and_then("recursion", "RecursionError", "maximum recursion depth exceeded", "resources", "P1", _NEW,
                  ("experiments/forms.py", "clean", 77, "    return self.clean()"), 0.1, since=0.82, until=0.9),
    _now_and_then("deadlock", "LockNotAvailable", "canceling statement due to lock timeout",
                  "timeout", "P2", _FIT, ("jobs/services.py", "claim", 71, "    row = rows.select_for_update().first()"),
                  0.3, handled=True, module="psycopg.errors"),
    _now_and_then("integrity", "UniqueViolation", "duplicate key value violates unique constraint \"membership\"",
                  "validation", "P3", "projects/<uuid:project_id>/members/",
                  ("projects/services.py", "add_member", 39, "    Membership.objects.create(project=project)"), 0.5,
                  handled=True),
    _now_and_then("forged_sign", "BadSignature", "Signature \"{n}\" does not match", "validation", "P3", _LIST,
                  ("core/feedback_view.py", "feedback", 44, "    payload = signing.loads(token)"), 1.1, handled=True,
                  level="warning"),
    _now_and_then("throttled", "RateLimited", "Uploads: 30 in an hour", "rate_limit", "P3", _UPLOAD,
                  ("core/rate_limits.py", "allow", 58, "    raise RateLimited(limit)"), 2.0, handled=True,
                  level="warning"),
    _now_and_then("scanner", "Burst", "A scanner looks for pages that are not there", "security", "P3", "none",
                  ("core/bursts.py", "report_burst", 74, "    capture_message(burst.description)"), 1.4, handled=True,
                  level="warning"),
    _now_and_then("deprecated", "DeprecationWarning", "`LeaveOneOut` will need `groups` from 1.9 on", "maintenance",
                  "P4", _FIT, ("experiments/splitting.py", "folds", 22, "    return LeaveOneOut().split(x)"), 3.5,
                  handled=True, level="warning"),
    _now_and_then("slow_query", "SlowQuery", "A query took {n} ms", "maintenance", "P4", _SOURCE,
                  ("data_tools/selectors.py", "rows_of", 31, "    return rows[start:end]"), 4.0, handled=True,
                  level="warning"),
    _now_and_then("n_plus_one", "RepeatedQuery", "One page asked the same {n} times", "maintenance", "P4", _PROJECT,
                  ("projects/detail_page.py", "members", 40, "    names = [m.user.name for m in members]"), 2.5,
                  handled=True, level="warning", until=0.7),
    _now_and_then("export_failed", "ExportError", "A table of {n} columns does not fit into a worksheet", "export", "P2",
                  "experiments/<uuid:experiment_id>/export/<str:kind>/",
                  ("experiments/exports.py", "worksheet", 90, "    raise ExportError(columns)"), 0.4, handled=True),
    _now_and_then("odd", "UnexpectedStateError", "A job that is over began again", "uncategorised", "P2", _FIT,
                  ("jobs/leases.py", "renew", 66, "    raise UnexpectedStateError(job)"), 0.6),
    _now_and_then("odd_lib", "Panic", "called `Option::unwrap()` on a `None` value", "uncategorised", "P2", _PROCESS,
                  ("data_tools/engine/csv_reader.py", "read", 52, "    return pl.read_csv(piece)"), 0.3),
    _now_and_then("mail", "SMTPServerDisconnected", "Connection unexpectedly closed", "external_service", "P2",
                  "accounts/password-reset/", ("accounts/mail.py", "send", 27, "    message.send()"), 0.25,
                  module="smtplib"),
    _now_and_then("stale", "ImproperlyConfigured", "SUPPORT_EMAIL is not set", "configuration", "P1", "accounts/signup/",
                  ("accounts/views.py", "signup", 33, "    mail.welcome(user)"), 5.0, since=0.3, until=0.33,
                  module="django.core.exceptions"),
)  # fmt: skip
