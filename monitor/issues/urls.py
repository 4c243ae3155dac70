"""Addresses of this room: the list and what is done from it, and those of one issue (detail/urls.py)."""

from django.urls import path

from monitor.issues import views
from monitor.issues.detail.urls import urlpatterns as of_one_issue

app_name = "issues"
urlpatterns = [
    path("", views.issue_list, name="list"),
    path("live/", views.live, name="live"),
    path("bulk/", views.bulk, name="bulk"),
    path("undo/", views.undo, name="undo"),
    path("<int:pk>/action/", views.action, name="action"),
    *of_one_issue,
]
