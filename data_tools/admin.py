"""Data sources in the admin: to look things up. Uploading, processing and deleting have their own ways, with files."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from data_tools.models import DataSource


@admin.register(DataSource)
class DataSourceAdmin(admin.ModelAdmin):
    list_display = ("name", "project", "state", "rows", "size_bytes", "created_at")
    list_select_related = ("project", "job")
    list_filter = ("job__state", "synthetic")
    search_fields = ("name", "id")
    show_full_result_count = False
    exclude = ("result",)

    @admin.display(ordering="job__state")
    def state(self, source: DataSource) -> str:
        return source.job.get_state_display()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
