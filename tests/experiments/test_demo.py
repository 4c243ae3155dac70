"""The demo world: made once, completed when half made, and said to be synthetic."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from data_tools.models import DataSource
from experiments.models import Experiment

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_world_is_made_once_and_its_flaws_are_found(
    sent: list[tuple[str, str]], client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_demo_world")
    call_command("load_demo_world")
    assert "there already" in capsys.readouterr().out
    assert DataSource.objects.count() == 4
    assert Experiment.objects.exclude(predictions_path="").count() == 2
    kinds = {
        source.original_name: {finding["kind"] for finding in source.result["findings"]}
        for source in DataSource.objects.all()
    }
    assert "negative_precipitation" in kinds["synthetic_alder_brook.csv"]
    assert kinds["synthetic_grey_fell.csv"] & {"gap", "missing_values"}
    assert "unit_suspect" in kinds["synthetic_marl_valley.csv"]
    assert "duplicate_dates" in kinds["synthetic_red_mesa.csv"]
    client.force_login(DataSource.objects.all()[0].uploaded_by)  # type: ignore[arg-type]
    for url in (reverse("projects:list"), reverse("data:list"), reverse("experiments:list")):
        assert "synthetic" in client.get(url).content.decode()
