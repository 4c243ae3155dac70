from django.urls import path

from experiments import views

app_name = "experiments"
urlpatterns = [
    path("", views.experiment_list, name="list"),
    path("new/<uuid:project_id>/", views.create, name="create"),
    path("compare/", views.compare, name="compare"),
    path("compare/plot/", views.compare_plot, name="compare_plot"),
    path("<uuid:experiment_id>/", views.detail, name="detail"),
    path("<uuid:experiment_id>/progress/", views.progress, name="progress"),
    path("<uuid:experiment_id>/plot/<slug:kind>/", views.plot, name="plot"),
    path("<uuid:experiment_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:experiment_id>/again/", views.run_again, name="run_again"),
    path("<uuid:experiment_id>/delete/", views.delete, name="delete"),
    path("<uuid:experiment_id>/export/<str:kind>/", views.export, name="export"),
]
