"""One row for each import: what was asked for, how it goes, what came of it."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from data_tools.weather.query import WeatherQuery
from jobs.models import Job
from projects.models import Project


class WeatherImport(models.Model):
    """Daily weather of a place for a project. Its state is its job's; its result is a data source."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="weather_imports")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=100, blank=True, help_text="Of the data source; empty: the place")
    latitude = models.DecimalField(max_digits=6, decimal_places=4, help_text="Degrees, north positive")
    longitude = models.DecimalField(max_digits=7, decimal_places=4, help_text="Degrees, east positive")
    start = models.DateField()
    end = models.DateField(help_text="The last day")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="weather_import")
    source = models.OneToOneField(
        "data_tools.DataSource", on_delete=models.SET_NULL, null=True, related_name="weather_import"
    )
    answered_at = models.DateTimeField(null=True, help_text="When the service gave what was imported")
    instead_because = models.TextField(
        blank=True, help_text="Why an earlier answer was imported; empty: it is the service's own"
    )

    class Meta:
        app_label = "data_tools"
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{self.query.place} {self.start} to {self.end}"

    def get_absolute_url(self) -> str:
        return reverse("data:weather_import", args=[self.id])

    @property
    def query(self) -> WeatherQuery:
        return WeatherQuery(self.latitude, self.longitude, self.start, self.end)
