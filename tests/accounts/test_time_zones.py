"""The choice of a time zone: the same `<select>` as Django's own, with each zone once."""

from zoneinfo import ZoneInfo

from django import forms
from django.test.html import parse_html

from design.time_zones import LongSelect, TimeZoneField, known_time_zones, time_zone_choices

CHOICES = [("a", "First"), ("b&<", "“B” & <b>"), (3, "Three")]


class Form(forms.Form):
    time_zone = TimeZoneField(label="Time zone")


def test_it_is_what_django_would_have_written() -> None:
    attrs = {"id": "id_zone", "aria-describedby": "hint", "required": True, "disabled": False}
    for value in ("a", "b&<", 3, "3", None, "", "not there"):
        ours = LongSelect(choices=CHOICES).render("zone", value, attrs)
        plain = forms.Select(choices=CHOICES).render("zone", value, attrs)
        assert parse_html(ours) == parse_html(plain), value


def test_each_zone_is_a_real_one_and_offered_once() -> None:
    offered = [zone for zone, _label in time_zone_choices()]
    assert len(offered) == len(set(offered)) > 300
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= set(offered) <= known_time_zones()
    assert all(ZoneInfo(zone) for zone in offered)
    assert dict(time_zone_choices())["America/New_York"] == "America/New York"


def test_the_one_chosen_is_marked_and_another_is_refused() -> None:
    assert str(Form({"time_zone": "Asia/Tokyo"})["time_zone"]).count(" selected") == 1
    assert Form({"time_zone": "Asia/Tokyo"}).is_valid()
    assert "Mars/Olympus" in str(Form({"time_zone": "Mars/Olympus"}).errors)
