app_name = "data"
urlpatterns: list[URLPattern] = []
