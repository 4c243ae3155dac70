"""A monitor by hand."""

from __future__ import annotations

from typing import Any

from django import forms

from monitor.crons.config import MINUTES_MAX, THRESHOLD_MAX, MonitorConfig, config_of
from monitor.crons.models import CronMonitor
from monitor.crons.schedule import CRONTAB, INTERVAL, UNITS, ScheduleError

_COPIED = (
    "schedule_type", "crontab", "interval_value", "interval_unit", "timezone", "checkin_margin", "max_runtime",
    "failure_issue_threshold", "recovery_threshold",
)  # fmt: skip


class CronForm(forms.Form):
    """`config` is there when the form is valid."""

    name = forms.CharField(max_length=128, help_text="Its slug, which check-ins name, is made of this.")
    schedule_type = forms.ChoiceField(
        label="Schedule",
        choices=[(CRONTAB, "A crontab line"), (INTERVAL, "An interval")],
        widget=forms.RadioSelect,
        initial=CRONTAB,
    )
    crontab = forms.CharField(
        label="Crontab line",
        max_length=100,
        required=False,
        help_text="Five fields, such as 0 3 * * *, or @daily.",
    )
    interval_value = forms.IntegerField(
        label="Every", min_value=1, max_value=100_000, required=False, initial=1
    )
    interval_unit = forms.ChoiceField(
        label="Unit", choices=[(unit, f"{unit}s") for unit in UNITS], required=False, initial="hour"
    )
    timezone = forms.CharField(
        label="Time zone", max_length=64, initial="UTC", help_text="Such as Europe/Berlin."
    )
    checkin_margin = forms.IntegerField(
        label="May be late by",
        min_value=1,
        max_value=MINUTES_MAX,
        initial=1,
        help_text="Minutes; then it is missed.",
    )
    max_runtime = forms.IntegerField(
        label="May run for",
        min_value=1,
        max_value=MINUTES_MAX,
        initial=30,
        help_text="Minutes; then it has timed out.",
    )
    failure_issue_threshold = forms.IntegerField(
        label="Failing after", min_value=1, max_value=THRESHOLD_MAX, initial=1, help_text="Failures in a row."
    )
    recovery_threshold = forms.IntegerField(
        label="Ok again after",
        min_value=1,
        max_value=THRESHOLD_MAX,
        initial=1,
        help_text="Successes in a row.",
    )

    config: MonitorConfig

    @classmethod
    def initial_of(cls, monitor: CronMonitor) -> dict[str, Any]:
        """Of a monitor that is changed; what it does not have is as for a new one."""
        values = {name: getattr(monitor, name) for name in _COPIED}
        return {
            "name": monitor.name,
            **{name: value for name, value in values.items() if value not in ("", None)},
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        kind = given["schedule_type"]
        schedule: dict[str, Any] = {"type": kind, "value": given["crontab"].strip()}
        if kind == INTERVAL:
            schedule = {"type": kind, "value": given["interval_value"], "unit": given["interval_unit"]}
        try:
            self.config = config_of({**given, "schedule": schedule})
        except ScheduleError as error:
            field = "interval_value" if kind == INTERVAL else "crontab"
            self.add_error("timezone" if "time zone" in str(error) else field, str(error))
        return given
