from typing import Any

from django.apps import AppConfig


class DataToolsConfig(AppConfig):
    name = "data_tools"

    def ready(self) -> None:
        """Files are no rows: hear of a project's end in time to remove them."""
        from projects.services import project_deleting

        project_deleting.connect(_clear_project, dispatch_uid="data_tools.clear_project")


def _clear_project(*, project: Any, **_: Any) -> None:
    from data_tools.services import clear_project

    clear_project(project)
