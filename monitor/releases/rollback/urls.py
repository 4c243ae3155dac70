from django.urls import path

from monitor.releases.rollback import views

app_name = "rollback"
urlpatterns = [path("<int:pk>/decide/", views.decide, name="decide")]
