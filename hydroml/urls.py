"""Every address of the application."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from core.health import livez, readyz
from projects.views import home

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("accounts.urls")),
    path("projects/", include("projects.urls")),
    path("data/", include("data_tools.urls")),
    path("experiments/", include("experiments.urls")),
    path("admin/", admin.site.urls),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
]

if settings.DEBUG:
    urlpatterns += [
        path("styleguide/", TemplateView.as_view(template_name="styleguide.html"), name="styleguide")
    ]
