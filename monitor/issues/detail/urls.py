"""Addresses of one issue, below /issues/."""

from django.urls import path, register_converter

from monitor.issues.detail import copies, views, writing


class EventIdConverter:
    """32 small hexadecimal digits."""

    regex = "[0-9a-f]{32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(EventIdConverter, "event_id")

urlpatterns = [
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/events/", views.events, name="events"),
    path("<int:pk>/events/oldest/", views.oldest, name="oldest"),
    path("<int:pk>/events/<event_id:event_id>/", views.event, name="event"),
    path("<int:pk>/events/<event_id:event_id>/json/", copies.event_json, name="event_json"),
    path("<int:pk>/events/<event_id:event_id>/curl/", copies.curl, name="curl"),
    path("<int:pk>/events/<event_id:event_id>/markdown/", copies.markdown, name="event_markdown"),
    path("<int:pk>/events/<event_id:event_id>/traceback/", copies.traceback, name="event_traceback"),
    path(
        "<int:pk>/events/<event_id:event_id>/attachments/<int:attachment>/",
        copies.attachment,
        name="attachment",
    ),
    path("<int:pk>/tags/", views.tag_values, name="tag_values"),
    path("<int:pk>/comment/", writing.comment, name="comment"),
    path("<int:pk>/known-error/", writing.known_error, name="known_error"),
    path("<int:pk>/unmerge/", writing.unmerge, name="unmerge"),
]
