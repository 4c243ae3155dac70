"""Addresses of this room, from the root: incidents for those who work on them, the status page for everybody."""

from django.urls import path

from monitor.incidents import known_views, review_views, status_views, views, writing

app_name = "incidents"
urlpatterns = [
    path("incidents/", views.listed, name="list"),
    path("incidents/new/", views.new, name="new"),
    path("incidents/figures/", review_views.figures, name="figures"),
    path("incidents/known-errors/", known_views.known_errors, name="known_errors"),
    path("incidents/<int:number>/", views.detail, name="detail"),
    path("incidents/<int:number>/act/", writing.act, name="act"),
    path("incidents/<int:number>/note/", writing.note, name="note"),
    path("incidents/<int:number>/severity/", writing.severity, name="severity"),
    path("incidents/<int:number>/owner/", writing.owner, name="owner"),
    path("incidents/<int:number>/issue/", writing.issue, name="issue"),
    path("incidents/<int:number>/tick/", writing.tick, name="tick"),
    path("incidents/<int:number>/github/", writing.github, name="github"),
    path("incidents/<int:number>/review/", review_views.review, name="review"),
    path("incidents/<int:number>/review.md", review_views.export, name="review_export"),
    path("incidents/<int:number>/publish/", status_views.publish, name="publish"),
    path("status/", status_views.status, name="status"),
]
