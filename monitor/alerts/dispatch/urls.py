"""Addresses of deliveries and the outbox."""

from django.urls import path

from monitor.alerts.dispatch import outbox_views, views

app_name = "deliveries"
urlpatterns = [
    path("", views.delivery_list, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/retry/", views.retry, name="retry"),
    path("channels/<slug:name>/test/", views.test, name="test"),
    path("outbox/", outbox_views.outbox, name="outbox"),
    path("outbox/<int:pk>/mail/", outbox_views.mail, name="mail"),
]
