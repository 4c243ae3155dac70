from django.urls import path

from projects import views

app_name = "projects"
urlpatterns = [
    path("", views.project_list, name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:project_id>/", views.detail, name="detail"),
    path("<uuid:project_id>/edit/", views.edit, name="edit"),
    path("<uuid:project_id>/archive/", views.archive, name="archive"),
    path("<uuid:project_id>/delete/", views.delete, name="delete"),
    path("<uuid:project_id>/members/", views.members, name="members"),
    path("<uuid:project_id>/members/<int:membership_id>/remove/", views.remove_member, name="remove_member"),
    path("<uuid:project_id>/activity/", views.activity, name="activity"),
]
