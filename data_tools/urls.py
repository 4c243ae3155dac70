from django.urls import path

from data_tools import upload_views, views
from data_tools.weather import views as weather_views

app_name = "data"
urlpatterns = [
    path("", views.source_list, name="list"),
    path("upload/", upload_views.choose_project, name="choose_project"),
    path("upload/<uuid:project_id>/", upload_views.upload, name="upload"),
    path("weather/<uuid:project_id>/", weather_views.weather, name="weather"),
    path("weather/import/<uuid:import_id>/", weather_views.weather_import, name="weather_import"),
    path("weather/import/<uuid:import_id>/progress/", weather_views.progress, name="weather_progress"),
    path("weather/import/<uuid:import_id>/again/", weather_views.try_again, name="weather_again"),
    path("weather/import/<uuid:import_id>/cancel/", weather_views.cancel, name="weather_cancel"),
    path("<uuid:source_id>/", views.detail, name="detail"),
    path("<uuid:source_id>/progress/", views.progress, name="progress"),
    path("<uuid:source_id>/plot.json", views.plot, name="plot"),
    path("<uuid:source_id>/rename/", views.rename, name="rename"),
    path("<uuid:source_id>/reprocess/", views.reprocess, name="reprocess"),
    path("<uuid:source_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:source_id>/delete/", views.delete, name="delete"),
    path("<uuid:source_id>/download/<str:form>/", views.download, name="download"),
]
