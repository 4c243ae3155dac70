from django.urls import path

from monitor.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.index, name="list"),
    path("triage/", views.triage, name="triage"),
    path("triage/act/", views.act, name="act"),
    path("<slug:kind>/<str:name>/", views.report, name="report"),
    path("<slug:kind>/<str:name>/report.md", views.as_markdown, name="markdown"),
]
