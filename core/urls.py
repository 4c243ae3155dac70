"""What core answers itself: health, feedback, and under DEBUG the laboratory. Include it at the root."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from core.error_feedback import error_feedback
from core.health import livez, readyz
from core.metrics import is_on, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("api/error-feedback/", error_feedback, name="error-feedback"),
]
if is_on():
    urlpatterns += [path("metrics", metrics, name="metrics")]
if settings.DEBUG:
    urlpatterns += [path("", include("core.lab.urls"))]
