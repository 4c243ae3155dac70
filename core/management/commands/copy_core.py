"""`manage.py copy_core DEST`: core and strategy into another Django project, and what is to be added there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.copying.project import CopyError
from core.copying.report import copied


class Command(BaseCommand):
    help = "Copy core/ and strategy/ into another Django project; say which lines to add there, and what to mind."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dest", type=Path, help="the folder with that project's manage.py")
        parser.add_argument(
            "--force", action="store_true", help="replace an older copy; its strategy.toml is kept"
        )
        parser.add_argument(
            "--package", default="core", metavar="NAME", help="call core otherwise there (core)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in copied(options["dest"], package=options["package"], force=options["force"]):
                self.stdout.write(line)
        except CopyError as error:
            raise CommandError(str(error)) from error
