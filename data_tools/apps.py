from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class DataToolsConfig(AppConfig):
    name = "data_tools"

    def ready(self) -> None:
        """Uploads stream into a directory that must be there before the first one."""
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True)
