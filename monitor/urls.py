"""Every address of the monitor's pages. Sentry's endpoints (/api/<project>/envelope/ …) are the receiving end's."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="issues:list"), name="home"),
    path("accounts/", include("monitor.access.urls")),
    path("issues/", include("monitor.issues.urls")),
    path("performance/", include("monitor.performance.urls")),
    path("releases/rollback/", include("monitor.releases.rollback.urls")),
    path("releases/", include("monitor.releases.urls")),
    path("crons/", include("monitor.crons.urls")),
    path("feedback/", include("monitor.feedback.urls")),
    path("alerts/deliveries/", include("monitor.alerts.dispatch.urls")),
    path("alerts/", include("monitor.alerts.urls")),
    path("reports/", include("monitor.reports.urls")),
    path("projects/", include("monitor.projects.urls")),
    path("dashboards/", include("monitor.dashboards.urls")),
    path("slos/", include("monitor.slos.urls")),
    path("probes/", include("monitor.probes.urls")),
    path("", include("monitor.incidents.urls")),
    path("rota/", include("monitor.rota.urls")),
    path("system/", include("monitor.digest.urls")),
    path("", include("monitor.api.urls")),
]

handler400 = "monitor.site.error_pages.bad_request"
handler403 = "monitor.site.error_pages.permission_denied"
handler404 = "monitor.site.error_pages.page_not_found"
handler500 = "monitor.site.error_pages.server_error"
