app_name = "experiments"
urlpatterns: list[URLPattern] = []
