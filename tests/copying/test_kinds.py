"""The copy in projects of every kind: what the command prints is added, and the copy's own test passes there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.copying.kinds import ROOT, Finished, Kind, environment, finished

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

_LIBRARIES = (
    "celery", "kombu", "billiard", "amqp", "redis", "rest_framework", "structlog", "django_structlog", "httpx", "psycopg",
    "psycopg_pool", "axes", "sklearn", "optuna", "polars", "numpy", "pandas", "prometheus_client", "opentelemetry",
    "tenacity", "pybreaker",
)  # fmt: skip

_CELERY = """
from celery import Celery

app = Celery("shop")
app.conf.broker_url = "memory://"
app.autodiscover_tasks(["shop"])
"""
_TASK = """
from celery import shared_task


@shared_task
def pack():
    return "packed"
"""
_USER = """
from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class Member(AbstractBaseUser):
    number = models.CharField(max_length=20, primary_key=True)
    email = models.EmailField()
    USERNAME_FIELD = "number"
"""
_VIEW = """
from rest_framework.exceptions import APIException
from rest_framework.views import APIView


class Broken(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        raise APIException("broken")
"""
_HANDLER = """
from rest_framework.response import Response


class Busy(Exception):
    pass


def answer(exc, context):
    return Response({"detail": "busy"}, status=409, headers={"Retry-After": "5"}) if isinstance(exc, Busy) else None
"""
_MIDDLEWARE = """
def count_sessions(get_response):
    def middleware(request):
        from django.contrib.sessions.models import Session

        Session.objects.count()
        return get_response(request)

    return middleware
"""
_ASYNC = """
async def slow(request):
    from django.http import HttpResponse

    return HttpResponse("slow")
"""

# What needs a library says so, and nothing else does.
_EVERY_MODULE = """
import importlib, importlib.util, pkgutil, core
assert importlib.util.find_spec("celery") is None
missing = {}
for module in pkgutil.walk_packages(core.__path__, "core."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        missing[module.name] = error.name
assert missing == {
    "core.circuit": "pybreaker", "core.drf": "rest_framework", "core.lab.tasks": "celery", "core.resilience": "tenacity",
    "core.task_requests": "billiard", "core.tasks": "celery",
}, missing
"""

KINDS = [
    # Without any library that core can do without, as where nobody installed them.
    Kind("plain", absent=_LIBRARIES, told=("No Celery application was found",), probe=_EVERY_MODULE),
    Kind(
        "celery",
        {"shop/celery.py": _CELERY, "shop/__init__.py": "from shop.celery import app\n", "shop/tasks.py": _TASK},
        told=("In shop/celery.py:4, give Celery(...) the argument",),
        probe="from shop.tasks import pack\nfrom core.tasks import SentryTask\n"
        "assert isinstance(pack, SentryTask), type(pack)",
    ),
    Kind(
        "drf",
        {
            "shop/settings.py": '\nINSTALLED_APPS += ["rest_framework"]\n',
            "shop/views.py": _VIEW,
            "shop/urls.py": '\nfrom shop.views import Broken\nurlpatterns += [path("broken/", Broken.as_view())]\n',
        },
        told=("DRF answers its own errors",),
        probe="from django.test import Client\nanswer = Client().get('/broken/')\n"
        "assert answer.status_code == 500 and answer.json()['error_id'], answer.content",
    ),
    Kind(
        "drf_with_a_handler",
        {
            "shop/settings.py": '\nINSTALLED_APPS += ["rest_framework"]\n'
            'REST_FRAMEWORK = {"EXCEPTION_HANDLER": "shop.api.answer", "PAGE_SIZE": 7}\n',
            "shop/api.py": _HANDLER,
            "shop/views.py": _VIEW.replace("APIException(", "Busy(").replace("rest_framework.exceptions", "shop.api")
            .replace("import APIException", "import Busy"),
            "shop/urls.py": '\nfrom shop.views import Broken\nurlpatterns += [path("broken/", Broken.as_view())]\n',
        },
        told=("An EXCEPTION_HANDLER of your own goes on answering",),
        probe="from django.test import Client\nanswer = Client().get('/broken/')\n"
        "assert answer.status_code == 409 and answer['Retry-After'] == '5', (answer.status_code, answer.content)",
    ),
    Kind(
        "user_model",
        {
            "members/__init__.py": "",
            "members/models.py": _USER,
            "shop/settings.py": '\nINSTALLED_APPS += ["members"]\nAUTH_USER_MODEL = "members.Member"\n',
        },
        told=("The user model is members.Member",),
        probe="from core.request_details import user_of\nfrom django.test import RequestFactory\n"
        "from members.models import Member\nrequest = RequestFactory().get('/')\n"
        "request.user = Member(number='M-7', email='canary@example.org')\n"
        "assert user_of(request) == {'id': 'M-7', 'role': 'member'}, user_of(request)",
    ),
    Kind(
        "asgi",
        {
            "shop/settings.py": '\nASGI_APPLICATION = "shop.asgi.application"\n',
            "shop/views.py": _ASYNC,
            "shop/urls.py": '\nfrom shop.views import slow\nurlpatterns += [path("slow/", slow)]\n',
        },
        told=("Under ASGI nothing is different",),
        probe="import asyncio\nfrom django.test import AsyncClient\n"
        "answer = asyncio.run(AsyncClient().get('/slow/'))\n"
        "assert answer.content == b'slow' and answer['X-Request-ID'], answer.headers",
    ),
    Kind(
        # As `wagtail start` makes it: DEBUG is set by the modules that are made of base.py.
        "split_settings",
        {
            "shop/settings/__init__.py": "",
            "shop/settings/dev.py": "from shop.settings.base import *\n\nDEBUG = True\n",
            "shop/settings/production.py": "from shop.settings.base import *\n\nDEBUG = False\n",
        },
        told=("At the end of shop/settings/production.py:",),
        probe="from core.sentry.setup import current_setup\nassert current_setup().environment.environment == 'development'",
    ),
    Kind(
        # As Label Studio makes it: the common module has a DEBUG, too, which does not hold for those made of it.
        "split_settings_with_a_debug",
        {
            "shop/settings/__init__.py": "",
            "shop/settings/base.py": "\nDEBUG = False\n",
            "shop/settings/dev.py": "from shop.settings.base import *\n\nDEBUG = True\n",
            "shop/settings/production.py": "from .base import *\n",
            "shop/settings/words.py": "WORDS = []\n",
        },
        told=(
            "3. At the end of shop/settings/dev.py:", "4. At the end of shop/settings/production.py:",
            "5. At the end of shop/urls.py:",
        ),
        probe="from core.sentry.setup import current_setup\nassert current_setup().environment.environment == 'development'",
    ),
    Kind(
        "renamed",
        {
            "core/__init__.py": "",
            "core/models.py": "",
            "shop/settings.py": '\nINSTALLED_APPS += ["core"]\n',
        },
        package="faults",
        probe="import core.models\nfrom django.apps import apps\nassert apps.get_app_config('faults').name == 'faults'\n"
        "import sys\nassert 'core.sentry' not in sys.modules",
    ),
    Kind(
        # As Label Studio: their core holds what the command reads, and a middleware of theirs asks the database.
        "settings_in_a_core",
        {
            "core/__init__.py": "",
            "core/settings.py": "from shop.settings import *\n\nSTATIC_ROOT = BASE_DIR / 'static'\nDEBUG = True\n"
            "ROOT_URLCONF = 'core.urls'\nINSTALLED_APPS += ['rest_framework']\n"
            "MIDDLEWARE += ['core.middleware.count_sessions']\n",
            "core/urls.py": "urlpatterns = []\n",
            "core/middleware.py": _MIDDLEWARE,
            "core/reporting.py": "import sentry_sdk\n\n\ndef start():\n    sentry_sdk.init()\n",
        },
        package="faults",
        settings="core.settings",
        told=(
            "At the end of core/settings.py:", "At the end of core/urls.py:", 'setup_sentry(service="settings-in-a-core',
            "debug=DEBUG, base_dir=BASE_DIR)",
            "core/reporting.py:5 sets Sentry up already", "DRF answers its own errors",
        ),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, Finished]:
    """Each project once, however the tests are shuffled."""
    return {}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, made: dict[str, Finished]
) -> Finished:
    name = request.param.name
    if name not in made:
        made[name] = finished(request.param, tmp_path_factory.mktemp(name))
    return made[name]


def test_the_copys_own_test_passes_and_it_does_what_this_kind_needs(project: Finished) -> None:
    done = project.run("manage.py", "test", "test_error_handling", "test_probe")
    assert "Ran 9 tests" in done.stderr, done.stderr


def test_what_is_said_and_added_suits_the_project(project: Finished) -> None:
    for words in project.kind.told:
        assert words in project.printed
    lines = [line for added in project.added.values() for line in added]
    assert 10 <= len(lines) <= 15, lines


def test_an_existing_set_up_is_pointed_at(tmp_path: Path) -> None:
    text = '\nimport sentry_sdk\n\nsentry_sdk.init(\n    dsn="",\n)\n'
    project = finished(Kind("sentry", {"shop/settings.py": text}), tmp_path)
    line = (tmp_path / "shop" / "settings.py").read_text().splitlines().index("sentry_sdk.init(") + 1
    assert f"shop/settings.py:{line} sets Sentry up already: take it out" in project.printed


def test_a_copy_is_replaced_on_request_alone_and_the_strategy_never(tmp_path: Path) -> None:
    finished(Kind("twice"), tmp_path)
    own = tmp_path / "strategy" / "strategy.toml"
    own.write_text(own.read_text() + "\n# ours\n")
    (tmp_path / "core" / "errors.py").write_text("")
    refused = _copy(tmp_path)
    assert refused.returncode == 1
    assert "--force replaces it" in refused.stderr
    assert (tmp_path / "core" / "errors.py").read_text() == ""
    assert _copy(tmp_path, "--force").returncode == 0
    assert (tmp_path / "core" / "errors.py").read_text() != ""
    assert own.read_text().endswith("# ours\n")


def test_a_package_of_that_name_is_not_overwritten_even_by_force(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")')
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.py").write_text("")
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "models.py").write_text("theirs")
    refused = _copy(tmp_path, "--force")
    assert refused.returncode == 1
    assert "is not ours: say --package NAME" in refused.stderr
    assert [path.name for path in (tmp_path / "core").iterdir()] == ["models.py"]
    assert not (tmp_path / "strategy").exists()


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    refused = _copy(tmp_path)
    assert refused.returncode == 1
    assert "has no manage.py" in refused.stderr


def _copy(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core.copying", str(folder), *options]
    return subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=170
    )
