"""The chosen language applies: the German catalogue is whole, and every page speaks it."""

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from accounts.models import User
from data_tools import words as data_words
from data_tools.engine import plan, variables
from data_tools.engine.synthetic import DEMO_CATCHMENTS
from data_tools.models import DataSource
from data_tools.services import create_source
from data_tools.tasks import process_source
from data_tools.uploads import IncomingFile
from design.templatetags.show import ago, duration, significant
from experiments import words as experiment_words
from experiments.engine import metrics, model_card, parameters, spec, training
from experiments.engine.spec import ExperimentSpec
from experiments.exports import plot_json, stored_result
from experiments.models import Experiment
from experiments.services import start_experiment
from experiments.tasks import train_experiment
from jobs.models import Job
from projects.models import Project
from projects.words import SENTENCES
from stack.catalogues import CATALOGUES, compile_catalogues, strings_in_the_code

ROOT = Path(settings.BASE_DIR)
GERMAN = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
BOTH = pytest.mark.parametrize("folder", CATALOGUES)
# Placeholders and tags, and the quotation mark that would end the attribute that a word stands in.
KEPT = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>|\"")


def catalogue(folder: str = "locale") -> Catalog:
    with (ROOT / folder / "de" / "LC_MESSAGES" / "django.po").open("rb") as text:
        return read_po(text, locale="de")


def key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    return message.context, tuple([message.id] if isinstance(message.id, str) else message.id)


def forms(message: Message) -> list[tuple[str, str]]:
    """Pairs of English and German; two for a plural."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


@BOTH
def test_every_string_of_the_code_is_in_the_german_catalogue_and_no_other(folder: str) -> None:
    marked = {key(message) for message in strings_in_the_code(folder) if message.id}
    translated = {key(message) for message in catalogue(folder) if message.id}
    hint = "run `python -m stack.catalogues update`, then translate what it has added"
    assert marked - translated == set(), hint
    assert translated - marked == set(), hint
    assert len(marked) > (500 if folder == "locale" else 50), "the extraction finds next to nothing"


@BOTH
def test_every_german_string_is_whole_and_keeps_its_placeholders(folder: str) -> None:
    for message in catalogue(folder):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        for english, german in forms(message):
            assert german.strip(), f"not translated: {english}"
            assert sorted(KEPT.findall(german)) == sorted(KEPT.findall(english)), english
            assert (english[-1] in ".:?!…") == (german[-1] in ".:?!…") or german == "Daten:", english


def test_a_catalogue_is_compiled_when_it_is_new_or_newer(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(GERMAN, folder)
    assert compile_catalogues(tmp_path) == [folder / "django.po"]
    compiled = folder / "django.mo"
    assert b"Abflussdauerlinie" in compiled.read_bytes()
    assert compile_catalogues(tmp_path) == []
    later = compiled.stat().st_mtime + 5
    os.utime(folder / "django.po", (later, later))
    assert compile_catalogues(tmp_path) == [folder / "django.po"]
    assert [path.name for path in folder.iterdir() if path.suffix not in {".po", ".mo"}] == []


def test_every_label_of_the_engines_has_words() -> None:
    assert {name: str(label) for name, label in experiment_words.MODELS.items()} == spec.MODELS
    assert {label.lower() for label in training.STAGES.values()} <= set(experiment_words.STAGES)
    assert {metric.key: metric.meaning for metric in metrics.METRICS} == {
        name: str(meaning) for name, meaning in experiment_words.METRIC_MEANINGS.items()
    }
    meanings = {p.meaning for model in parameters.PARAMETERS.values() for p in model.values()}
    assert meanings == set(experiment_words.PARAMETER_MEANINGS)
    roles = {role for role, _words in variables.RULES} | {each.role for each in variables.VARIABLES.values()}
    assert roles <= set(data_words.ROLES)
    assert set(plan.STEP_NAMES.values()) <= set(data_words.TIME_STEPS)
    with translation.override("de"):
        assert data_words.step_words("every 3 hours") == "alle 3 Stunden"
        assert experiment_words.stage_words("trial 2 of 10") == "Versuch 2 von 10"


def test_every_verb_of_the_history_has_a_sentence() -> None:
    known = {sentence.split()[0] for sentence in SENTENCES}
    files = [
        path
        for app in ("projects", "data_tools", "experiments")
        for name in ("services.py", "views.py")
        for path in (ROOT / app).rglob(name)
    ]
    recorded = {
        verb
        for file in files
        for verb in re.findall(
            r'(?:verb=|verb = f|verb = |_record\(\w+, )"(\w+)', file.read_text(encoding="utf-8")
        )
    }
    assert {"created", "added", "uploaded", "trained"} <= recorded, "the history is written in other words"
    assert recorded <= known


def test_numbers_times_and_months_are_written_the_german_way() -> None:
    with translation.override("de"):
        assert (significant(0.8125), significant(1.234e-7), duration(3.25)) == ("0,812", "1,23e-07", "3,2 s")
        assert date_format(datetime(2003, 5, 1, tzinfo=UTC)) == "1. Mai 2003"
        assert ">vor 3\xa0Tagen<" in ago(datetime.now(UTC) - timedelta(days=3, hours=1))
    assert (significant(0.8125), duration(3.25)) == ("0.812", "3.2 s")


# Pages


class Words(HTMLParser):
    """The texts of a page, as a reader or a screen reader meets them, but those marked as English."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._english = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._english = given.get("lang") == "en"
        self.found += [
            text for name, text in attrs if text and name in ("aria-label", "title", "placeholder")
        ]
        self.found += [text for name, text in attrs if text and name.startswith("data-")]

    def handle_data(self, data: str) -> None:
        if not self._english:
            self.found.append(" ".join(data.split()))


def left_in_english() -> set[str]:
    """Strings that a German page must not show. Words in small letters may be names of columns."""
    return {
        english
        for message in catalogue()
        for english, german in (forms(message) if message.id else [])
        if english != german and not KEPT.search(english) and (english[0].isupper() or " " in english)
    }


@pytest.fixture
def germans_client(client: Client, owner: User) -> Client:
    User.objects.filter(pk=owner.pk).update(language="de")
    client.force_login(owner)
    return client


@pytest.fixture
def world(
    project: Project, owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[DataSource, Experiment]:
    """A processed data source and a trained experiment."""
    monkeypatch.setattr("jobs.services.current_app.send_task", lambda task, args, headers, retry: None)
    file = tmp_path / "river.csv"
    DEMO_CATCHMENTS[0].frame().write_csv(file)
    source = create_source(project, file=IncomingFile.copy_of(file), actor=owner)
    process_source(str(source.job_id))
    source.refresh_from_db()
    wanted = ExperimentSpec(
        target="discharge_m3s",
        inputs=("precipitation_mm",),
        train_end="2018-12-31",
        test_start="2019-01-01",
        model="ridge",
    )
    experiment = start_experiment(source=source, name="Eins", spec=wanted, trials_wanted=0, actor=owner)
    train_experiment(str(experiment.job_id))
    return source, Experiment.objects.get(pk=experiment.pk)


@pytest.mark.django_db(transaction=True)
def test_no_page_shows_a_string_in_english_to_a_german_reader(
    germans_client: Client, world: tuple[DataSource, Experiment], project: Project, owner: User
) -> None:
    source, experiment = world
    again = f"?id={experiment.id}&id={experiment.id}"
    names = [
        "home",
        "projects:list",
        "projects:create",
        "data:list",
        "data:choose_project",
        "experiments:list",
    ]
    addresses = [reverse(name) for name in [*names, "accounts:preferences", "accounts:password_change"]]
    for name in ("detail", "edit", "members", "activity", "delete"):
        addresses.append(reverse(f"projects:{name}", args=[project.id]))
    addresses += [reverse(name, args=[project.id]) for name in ("data:upload", "data:weather")]
    addresses += [reverse(f"data:{name}", args=[source.id]) for name in ("detail", "rename", "delete")]
    addresses.append(reverse("experiments:create", args=[project.id]) + f"?source={source.id}")
    addresses += [reverse("experiments:detail", args=[experiment.id]), reverse("experiments:compare") + again]
    forbidden = left_in_english()
    for address in addresses:
        page = germans_client.get(address, follow=True)
        assert page.status_code == 200, address
        assert page["Content-Language"] == "de"
        assert forbidden & set(Words(page.content.decode()).found) == set(), address
    User.objects.filter(pk=owner.pk).update(language="en")
    for address in addresses:
        page = germans_client.get(address, follow=True)
        assert forbidden & set(Words(page.content.decode()).found), f"{address}: the test reads nothing of it"


@pytest.mark.django_db(transaction=True)
def test_a_trained_experiment_speaks_german_to_one_reader_and_english_to_another(
    germans_client: Client, world: tuple[DataSource, Experiment], owner: User
) -> None:
    source, experiment = world
    said = experiment_words.verdict(experiment.spec, experiment.result)
    assert said == model_card.verdict(ExperimentSpec.from_dict(experiment.spec), stored_result(experiment))
    page = germans_client.get(experiment.get_absolute_url()).content.decode()
    assert "Testzeitraum" in page
    assert re.search(r"Vorhersagehorizont von 1 Tag.*: NSE \d,\d{3} an \d+ Testtagen", page)
    assert "Olga Owner hat das Experiment <strong>Eins</strong> begonnen" in _project_page(
        germans_client, source
    )
    form = germans_client.get(reverse("experiments:create", args=[source.project_id])).content.decode()
    assert re.search(r'type="date" name="train_end" value="\d{4}-\d\d-\d\d"', form), (
        "browsers take no other form"
    )
    data = germans_client.get(source.get_absolute_url()).content.decode()
    assert re.search(r"1\.\d{3} Tage", data)
    assert re.search(r'<td class="num">\d+,\d+</td>', data)
    with translation.override("de"):
        plot = str(plot_json(experiment, "hydrograph", "light"))
    assert "gemessen" in plot
    assert "%b" not in plot, "Bokeh knows English months only"
    User.objects.filter(pk=owner.pk).update(language="en")
    page = germans_client.get(experiment.get_absolute_url()).content.decode()
    assert said in page
    assert "Olga Owner started experiment <strong>Eins</strong>" in _project_page(germans_client, source)


def _project_page(client: Client, source: DataSource) -> str:
    return client.get(source.project.get_absolute_url()).content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_a_job_keeps_in_english_is_shown_in_german(
    germans_client: Client, world: tuple[DataSource, Experiment]
) -> None:
    source, _experiment = world
    kept = "The work was begun as often as is allowed and its worker died each time, most likely for want of memory. "
    Job.objects.filter(pk=source.job_id).update(
        state=Job.State.FAILED,
        error_code="worker_lost",
        error_message=kept + "Try a smaller file, or ask support.",
    )
    page = germans_client.get(source.get_absolute_url()).content.decode()
    assert "jedes Mal endete der Worker vorzeitig" in page
    assert "Fehlgeschlagen" in page


@pytest.mark.django_db
def test_a_visitor_reads_what_the_browser_asks_for_and_keeps_it_when_signing_up(client: Client) -> None:
    page = client.get(reverse("accounts:signup"), headers={"accept-language": "de-AT,de;q=0.9"})
    assert "Registrieren" in page.content.decode()
    assert "Accept-Language" in page["Vary"], "a cache would show it to everybody"
    assert "Sign up" in client.get(reverse("accounts:signup")).content.decode()
    data = {
        "name": "Ada",
        "email": "ada@example.org",
        "password1": "kt9-river-bed",
        "password2": "kt9-river-bed",
    }
    client.post(reverse("accounts:signup"), data, headers={"accept-language": "de"})
    assert User.objects.get().language == "de"
    assert "Noch keine Projekte" in client.get(reverse("projects:list")).content.decode()


@pytest.mark.django_db
def test_preferences_change_the_language_of_the_next_page(client: Client, owner: User) -> None:
    client.force_login(owner)
    address = reverse("accounts:preferences")
    chosen = {"name": owner.name, "theme": "system", "language": "de", "time_zone": "Europe/Berlin"}
    page = client.post(address, chosen, follow=True).content.decode()
    assert "Ihre Einstellungen sind gespeichert." in page
    assert '<html lang="de"' in page
    wrong = client.post(address, chosen | {"name": ""}).content.decode()
    assert "Dieses Feld ist zwingend erforderlich." in wrong
    page = client.post(address, chosen | {"language": "en"}, follow=True).content.decode()
    assert "Your preferences are kept." in page


@pytest.mark.django_db
def test_the_mail_for_a_new_password_is_in_the_language_of_who_gets_it(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user("Ada Lovelace", email="ada@example.org", language="de")
    make_user("Ben Nevis", email="ben@example.org", language="en")
    for address, browser in (("ada@example.org", "en"), ("ben@example.org", "de")):
        client.post(
            reverse("accounts:password_reset"), {"email": address}, headers={"accept-language": browser}
        )
    letter, other = mail.outbox
    assert other.subject == "A new password for HydroML"
    assert letter.subject == "Ein neues Passwort für HydroML"
    assert letter.body.startswith("Guten Tag Ada,\n\njemand")
