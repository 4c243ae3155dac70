"""Addresses of this room. Deliveries and the outbox have addresses of their own (delivery_urls.py)."""

from django.urls import path, register_converter

from monitor.alerts import rule_views, views


class RuleIdConverter:
    """As the strategy has it: small letters, digits and hyphens."""

    regex = "[a-z0-9-]{1,60}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(RuleIdConverter, "rule_id")

app_name = "alerts"
urlpatterns = [
    path("", views.episode_list, name="list"),
    path("<int:pk>/", views.episode, name="episode"),
    path("<int:pk>/useful/", views.judge, name="judge"),
    path("mutes/<int:pk>/lift/", rule_views.unmute, name="unmute"),
    path("rules/", rule_views.rule_list, name="rules"),
    path("rules/<rule_id:rule_id>/", rule_views.rule, name="rule"),
    path("runbooks/<slug:name>/", rule_views.runbook, name="runbook"),
]
