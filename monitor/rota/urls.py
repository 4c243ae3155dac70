"""Addresses of this room."""

from django.urls import path

from monitor.rota import views

app_name = "rota"
urlpatterns = [
    path("", views.overview, name="list"),
    path("people/", views.people, name="people"),
    path("people/<int:pk>/", views.person, name="person"),
    path("stand-ins/<int:pk>/end/", views.end_stand_in, name="end_stand_in"),
    path("<slug:role>/", views.role, name="role"),
    path("<slug:role>/stand-in/", views.stand_in, name="stand_in"),
    path("<slug:role>/hand-over/", views.hand_over, name="hand_over"),
]
